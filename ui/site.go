package ui

import (
	"cmp"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// domainsFrame shows the host names of production, those in trouble first.
func domainsFrame(in In) Frame {
	r := read(in.View, store.DomainsKey())
	t := &Table{
		Columns: []Column{
			{Name: "domain", Title: "domain", Width: 30},
			{Name: "stands", Title: "stands"},
			{Name: "cert", Title: "certificate", Width: 20},
			{Name: "ends", Title: "ends", Width: 12, Drop: 1},
			{Name: "renews", Title: "renews", Width: 8, Drop: 2},
		},
		Empty: "the project has no host name",
	}
	rows := slices.Clone(r.Value.Rows)
	slices.SortStableFunc(rows, func(a, b model.Domain) int {
		return cmp.Or(cmp.Compare(domainLevel(in, b), domainLevel(in, a)), cmp.Compare(a.Name, b.Name))
	})
	for _, d := range rows {
		t.Rows = append(t.Rows, domainRow(in, d))
	}
	return frameOf(in, Frame{Table: t, Head: hidden(in, r.Value.Hidden)}, r.status)
}

// domainLevel is how urgent a host name is.
func domainLevel(in In, d model.Domain) int {
	switch {
	case !d.Verified, d.Lost != nil && *d.Lost, certOver(in, d):
		return 2
	case d.Lost == nil, d.Why != "":
		return 1
	}
	return 0
}

// certOver tells whether a certificate ends too soon.
func certOver(in In, d model.Domain) bool {
	return d.Left != nil && overLimit(in, "domain.tls.hours", leftOf(in, d).Hours(), model.Hours)
}

// leftOf is how long a certificate is still good, by the clock of the view.
func leftOf(in In, d model.Domain) time.Duration { return d.Ends.Sub(in.View.Now()) }

func domainRow(in In, d model.Domain) Row {
	level := domainLevel(in, d)
	word, cert := domainWord(d), Cell{Text: "none", Role: Muted}
	ends, renews := Cell{}, Cell{}
	switch {
	case d.Left != nil:
		cert = Cell{Text: certText(in, d), Num: leftOf(in, d).Hours(), HasNum: true}
		if certOver(in, d) {
			cert.Text, cert.Role = in.mark(2)+" "+cert.Text, Warn
		}
		ends, renews = Cell{Text: in.when(d.Ends), Role: Muted}, Cell{Text: yesNo(d.Renews), Role: Muted}
	case d.Why != "":
		cert = Cell{Text: in.glyphs().Unknown, Role: Unknown}
	case d.Own:
		cert = Cell{Text: "Vercel's own", Role: Muted}
	}
	return Row{Key: d.Name, Cells: []Cell{
		{Text: in.mark(level) + " " + d.Name, Role: levelRole(level, Strong), Num: float64(level), HasNum: true},
		{Text: word, Role: levelRole(level, Plain)}, cert, ends, renews,
	}}
}

// certText says how long a certificate is good, or since when it is not.
func certText(in In, d model.Domain) string {
	left := leftOf(in, d)
	if left <= 0 {
		return "over for " + age(-left)
	}
	return "good for " + age(left)
}

// domainWord is how a host name stands.
func domainWord(d model.Domain) string {
	switch {
	case !d.Verified:
		return "not verified"
	case d.Lost == nil:
		return "not known"
	case *d.Lost:
		return "does not point to Vercel"
	case d.Redirect != "":
		return "redirects to " + d.Redirect
	}
	return "serves"
}

func domainDetail(in In, key string) []Line {
	for _, d := range read(in.View, store.DomainsKey()).Value.Rows {
		if d.Name != key {
			continue
		}
		lines := []Line{labelled("domain", d.Name), labelled("stands", domainWord(d)), labelled("verified", yesNo(d.Verified))}
		if d.Redirect != "" {
			lines = append(lines, labelled("redirects to", d.Redirect))
		}
		switch {
		case d.Left != nil:
			lines = append(lines, labelled("certificate", "ends "+in.full(d.Ends)+", "+certText(in, d)), labelled("renews", yesNo(d.Renews)+", by Vercel"))
		case d.Why != "":
			lines = append(lines, labelled("certificate", "not known: "+d.Why))
		case d.Own:
			lines = append(lines, labelled("certificate", "Vercel's own"))
		default:
			lines = append(lines, labelled("certificate", "none at Vercel"))
		}
		if d.Lost != nil && *d.Lost {
			lines = append(lines, wrapped("what to do", "look at its DNS records: nothing is served under this name, and its certificate is not renewed", in.Width)...)
		}
		return lines
	}
	return []Line{{span(Muted, "this domain is no longer one of the project")}}
}
