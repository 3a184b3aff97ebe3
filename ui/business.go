package ui

import (
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// businessFrame is the view of payments, subscriptions and the numbers that the
// configuration defines, each with its definition.
func businessFrame(in In) Frame {
	f := Frame{Table: &Table{}}
	for _, part := range []Frame{paymentsPart(in), revenuePart(in), gaugesPart(in)} {
		f.Head = append(f.Head, part.Head...)
		f.Table.Columns = part.Table.Columns
		f.Table.Rows = append(f.Table.Rows, part.Table.Rows...)
	}
	return f
}

// part completes the lines of one source among others.
func part(in In, items []quantity, s store.Status) Frame {
	t := businessTable(in, items)
	f := frameOf(in, Frame{Table: t}, s)
	if len(f.Table.Columns) == 0 {
		f.Table.Columns = t.Columns
	}
	if len(f.Head) == 1 && s.State != store.OK {
		f.Head = []Line{append(Line{gap(1), span(Muted, serviceOf(s.Name)+": ")}, f.Head[0][1:]...)}
	}
	return f
}

// serviceOf is the service that a source reads.
func serviceOf(source string) string {
	kind, name, _ := strings.Cut(source, ".")
	if kind == "gauge" {
		return "gauge " + name
	}
	return kind
}

// businessTable is that of single numbers. Where there is little room, it goes
// to their definitions and not to their course.
func businessTable(in In, items []quantity) *Table {
	t := quantities(in, items)
	t.Columns[3].Drop = 0
	if in.Width < 110 {
		t.Columns = slices.Delete(t.Columns, 2, 3)
		for i := range t.Rows {
			t.Rows[i].Cells = slices.Delete(t.Rows[i].Cells, 2, 3)
		}
	}
	return t
}

func paymentsPart(in In) Frame {
	r := read(in.View, store.PaymentsKey())
	return part(in, paymentItems(in, r.Value), r.status)
}

func paymentItems(in In, p model.Payments) []quantity {
	key := func(name string) string { return store.PaymentsKey().Name + "/" + name }
	failed := quantity{key: key("failed"), name: "failed payments", metric: "payments.failed", means: "charges since 00:00 " + p.Zone + codesText(p.Codes)}
	text := count(int64(p.Failed))
	if p.AtLeast {
		text += " or more"
	}
	share := quantity{key: key("share"), name: "share of them", metric: "payments.failed_share", share: true, text: "?", means: "no payment yet today"}
	if pct, ok := p.FailedPct(); ok {
		share = share.is(pct, percent(pct))
		share.means = "of " + plural(p.Charges, "charge", "charges") + " today"
		if p.Partly {
			share.means = "of the newest " + plural(p.Charges, "charge", "charges") + ", since " + in.clock(p.ReadSince) + "; the day has more"
		}
	}
	disputes := quantity{key: key("disputes"), name: "disputes", metric: "payments.disputes", means: disputeText(in, p)}
	hooks := quantity{key: key("webhooks"), name: "webhook backlog", metric: "payments.webhooks.failing", means: backlogText(in, p.Backlog)}
	events := count(int64(p.Backlog.Events))
	if p.Backlog.More {
		events += " or more"
	}
	return []quantity{
		failed.is(float64(p.Failed), text), share,
		disputes.is(float64(len(p.Disputes)), count(int64(len(p.Disputes)))),
		hooks.is(float64(p.Backlog.Events), events),
	}
}

// codesText says why payments failed, the most frequent first.
func codesText(codes []model.Count) string {
	var out []string
	for _, c := range codes[:min(len(codes), 3)] {
		out = append(out, count(int64(c.N))+" "+c.Name)
	}
	if len(out) == 0 {
		return ""
	}
	return ": " + strings.Join(out, ", ")
}

func disputeText(in In, p model.Payments) string {
	if len(p.Disputes) == 0 {
		return "none waits for an answer"
	}
	d := p.Disputes[0]
	text := "wait for an answer"
	if !d.Due.IsZero() {
		text += ", the first until " + in.full(d.Due) + " (" + due(in, d.Due) + ")"
	}
	if p.MoreDisputes {
		text += "; there may be more"
	}
	return text
}

func backlogText(in In, b model.Backlog) string {
	if b.Events == 0 {
		return "every event was taken"
	}
	return "events that an endpoint has not taken, the oldest " + seen(in, b.Oldest) + codesText(b.Types)
}

func revenuePart(in In) Frame {
	r := read(in.View, store.RevenueKey())
	if r.status.State == store.Unconfigured { // the payments say it
		return Frame{Table: businessTable(in, nil)}
	}
	return part(in, revenueItems(r.Value), r.status)
}

func revenueItems(v model.Revenue) []quantity {
	key := func(name string) string { return store.RevenueKey().Name + "/" + name }
	partly := ""
	if v.Partly {
		partly = "; there are more subscriptions than were read: too low"
	}
	var items []quantity
	for _, a := range v.Monthly {
		items = append(items, quantity{key: key("mrr/" + a.Currency), name: "MRR", metric: "revenue.mrr", labels: model.Labels{"currency": a.Currency},
			means: model.MRRDefinition + partly}.is(a.Units(), money(a.Minor, a.Currency)))
	}
	churn := quantity{key: key("churn"), name: "churn", metric: "revenue.churn", share: true, text: "?", means: model.ChurnDefinition}
	if pct, ok := v.ChurnPct(); ok {
		churn = churn.is(pct, percent(pct))
		churn.means = count(int64(v.Ended)) + " of " + count(int64(v.Before)) + ": " + model.ChurnDefinition
	} else if v.Partly || v.MoreEnded {
		churn.means = "there are more than were read: " + model.ChurnDefinition
	}
	subscriptions := quantity{key: key("active"), name: "subscriptions", metric: "revenue.subscriptions", means: "active" + partly}
	if v.Metered > 0 {
		subscriptions.means = "active, " + count(int64(v.Metered)) + " with a part billed by use" + partly
	}
	return append(items, subscriptions.is(float64(v.Active), count(int64(v.Active))), churn)
}

// money is an amount of minor units: 12.50 EUR, 1.24 M EUR.
func money(minor int64, currency string) string {
	units := model.Amount{Currency: currency, Minor: minor}.Units()
	if units >= 100_000 {
		return scaled(units, 1000, []string{"", "k", "M", "G"}) + " " + currency
	}
	return strconv.FormatFloat(units, 'f', model.MinorDigits(currency), 64) + " " + currency
}

func gaugesPart(in In) Frame {
	f := Frame{Table: businessTable(in, nil)}
	gauges := store.All[model.Gauge](in.View)
	if len(gauges) == 0 {
		f.Head = []Line{{gap(1), span(Muted, "gauges: not configured: add gauges: [{name, sql or url, definition}]")}}
	}
	for _, g := range gauges {
		one := part(in, []quantity{gaugeItem(g)}, g.Status)
		f.Head = append(f.Head, one.Head...)
		f.Table.Rows = append(f.Table.Rows, one.Table.Rows...)
	}
	return f
}

func gaugeItem(g store.Named[model.Gauge]) quantity {
	v := g.Sample.Value
	it := quantity{key: g.Status.Name, name: bare(g.Status.Name), metric: "gauge.value", labels: model.Labels{"gauge": v.Name}, text: "?", means: v.Definition}
	if v.Whole != nil {
		it.metric, it.share = "gauge.share", true
		it.means = number(*v.Part) + " of " + number(*v.Whole) + ": " + v.Definition
	}
	if v.Value == nil {
		it.means = v.Why + ": " + it.means
		return it
	}
	if v.Whole != nil {
		return it.is(*v.Value, percent(*v.Value))
	}
	return it.is(*v.Value, strings.TrimSpace(value(*v.Value, model.None)+" "+v.Unit))
}

// businessDetail shows how the source of a line is read, and all of it that
// has more than a line.
func businessDetail(in In, key string) []Line {
	source, _, _ := strings.Cut(key, "/")
	if _, ok := in.View.Sample(source); !ok {
		return []Line{{span(Muted, "this number is no longer there")}}
	}
	lines := sourceLines(in, statusOf(in.View, source))
	switch source {
	case store.PaymentsKey().Name:
		return append(lines, paymentLines(in)...)
	case store.RevenueKey().Name:
		lines = append(lines, wrapped("MRR", model.MRRDefinition, in.Width)...)
		return append(lines, wrapped("churn", model.ChurnDefinition, in.Width)...)
	}
	for _, g := range store.All[model.Gauge](in.View) {
		if g.Status.Name == source {
			lines = append(lines, wrapped("definition", g.Sample.Value.Definition, in.Width)...)
		}
	}
	return lines
}

func paymentLines(in In) []Line {
	p := read(in.View, store.PaymentsKey()).Value
	lines := []Line{labelled("day", "since "+in.full(p.Day)+" (00:00 "+p.Zone+")")}
	for _, c := range p.Codes {
		lines = append(lines, labelled("failed", count(int64(c.N))+" "+c.Name))
	}
	for _, d := range p.Disputes {
		until := "no answer is possible"
		if !d.Due.IsZero() {
			until = "until " + in.full(d.Due) + ", " + due(in, d.Due)
		}
		lines = append(lines, labelled("dispute", money(d.Amount, d.Currency)+"  "+d.Reason+"  "+until+"  "+d.ID))
	}
	for _, c := range p.Backlog.Types {
		lines = append(lines, labelled("not taken", count(int64(c.N))+" "+c.Name))
	}
	return lines
}
