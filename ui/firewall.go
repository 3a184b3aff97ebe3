package ui

import (
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Timed is a change that is taken back by itself when its time is up.
type Timed struct {
	ID     string            // of the call that made it, in the audit
	Action string            // what takes it back
	Args   map[string]string // of that action
	Target string
	Due    time.Time
	Late   bool // it should have been carried out by now
	By     string
}

// endOf is when a rule on an address is taken back by itself; nil where nobody
// does that.
func endOf(in In, r model.IPRule) *Timed {
	for i, t := range in.Timed {
		if t.Action == "firewall.unblock" && strings.Contains(r.Notes, t.ID) {
			return &in.Timed[i]
		}
	}
	return nil
}

// firewallFrame shows how the project is protected, the rules on addresses, and
// what the firewall did in the last hour.
func firewallFrame(in In) Frame {
	r := read(in.View, store.FirewallKey())
	t := &Table{
		Columns: []Column{
			{Name: "what", Title: "what", Width: 8},
			{Name: "ip", Title: "address", Width: 19},
			{Name: "action", Title: "action", Width: 9},
			{Name: "count", Title: "requests", Width: 9, Right: true, Drop: 2},
			{Name: "last", Title: "last", Width: 9, Right: true, Drop: 3},
			{Name: "ends", Title: "ends", Width: 16, Drop: 1},
			{Name: "notes", Title: "notes"},
		},
		Empty: "no rule on an address, and nothing was refused in the last hour",
	}
	for _, rule := range r.Value.Rules {
		t.Rows = append(t.Rows, ruleRow(in, rule))
	}
	for _, m := range r.Value.Mitigations {
		t.Rows = append(t.Rows, mitigationRow(in, m))
	}
	f := Frame{Table: t, Head: firewallHead(in, r.Value)}
	return frameOf(in, f, r.status)
}

// firewallHead says how the project is protected.
func firewallHead(in In, f model.Firewall) []Line {
	var lines []Line
	if f.Paused {
		lines = append(lines, Line{gap(1), span(Bad, in.glyphs().Critical+" the project is paused: nothing of it is served")})
	}
	for _, at := range f.Attacks {
		lines = append(lines, Line{gap(1), span(Warn, in.glyphs().Warning+" Vercel sees an attack, for "+age(in.View.Now().Sub(at)))})
	}
	lines = append(lines, attackLine(in, f))
	state := Line{gap(1), span(Muted, "firewall "), span(Plain, onOff(f.On))}
	if f.Custom > 0 {
		state = append(state, span(Muted, ", "+plural(f.Custom, "rule", "rules")+" on more than addresses"))
	}
	if f.Draft > 0 {
		state = append(state, span(Warn, "  "+plural(f.Draft, "change", "changes")+" in a draft that nobody has published"))
	}
	if pct, ok := f.Budget.LeftPct(); ok {
		state = append(state, span(Muted, "   API calls left "+whole(pct)))
	}
	return append(append(lines, state), hidden(in, f.Hidden)...)
}

func attackLine(in In, f model.Firewall) Line {
	if !f.AttackMode {
		return Line{gap(1), span(Muted, "attack mode "), span(Plain, "off")}
	}
	text := in.glyphs().Warning + " attack mode on: every visitor is challenged"
	if !f.AttackUntil.IsZero() {
		text += ", until " + in.clock(f.AttackUntil) + " (" + age(f.AttackUntil.Sub(in.View.Now())) + ")"
	}
	return Line{gap(1), span(Warn, text)}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func ruleRow(in In, r model.IPRule) Row {
	ends, notes := Cell{Text: "never", Role: Muted}, Cell{Text: r.Notes}
	if t := endOf(in, r); t != nil {
		ends = timedCell(in, *t)
		notes.Text = "by " + t.By
	}
	if !r.Blocks() {
		ends = Cell{}
	}
	return Row{Key: "rule/" + r.ID, Args: map[string]string{"ip": r.IP, "id": r.ID}, Cells: []Cell{
		{Text: "rule", Role: Muted}, {Text: r.IP, Role: Strong}, {Text: r.Action}, {}, {}, ends, notes,
	}}
}

// timedCell says when a change is taken back.
func timedCell(in In, t Timed) Cell {
	left := t.Due.Sub(in.View.Now())
	switch {
	case t.Late:
		return Cell{Text: in.glyphs().Warning + " overdue " + age(-left), Role: Warn, Num: left.Seconds(), HasNum: true}
	case left <= 0:
		return Cell{Text: "now", Num: left.Seconds(), HasNum: true}
	}
	return Cell{Text: "in " + age(left), Num: left.Seconds(), HasNum: true}
}

func mitigationRow(in In, m model.Mitigation) Row {
	last := Cell{Text: "now", Role: Plain}
	if !m.Active && !m.Ended.IsZero() {
		d := in.View.Now().Sub(m.Ended)
		last = Cell{Text: age(d) + " ago", Role: Muted, Num: d.Seconds(), HasNum: true}
	}
	return Row{Key: "did/" + m.IP + "/" + m.Action + "/" + m.Began.String(), Args: map[string]string{"ip": m.IP}, Cells: []Cell{
		{Text: "refused", Role: Muted}, {Text: m.IP, Role: Strong}, {Text: m.Action}, tally(m.Count), last, {}, {Text: m.Host, Role: Muted},
	}}
}

func firewallDetail(in In, key string) []Line {
	f := read(in.View, store.FirewallKey()).Value
	for _, r := range f.Rules {
		if "rule/"+r.ID == key {
			return ruleLines(in, r)
		}
	}
	for _, m := range f.Mitigations {
		if mitigationRow(in, m).Key == key {
			return []Line{
				labelled("address", m.IP), labelled("action", m.Action), labelled("host", m.Host), labelled("requests", count(m.Count)),
				labelled("began", in.ago(&m.Began)), labelled("goes on", yesNo(m.Active)),
			}
		}
	}
	return []Line{{span(Muted, "this is no longer there")}}
}

func ruleLines(in In, r model.IPRule) []Line {
	lines := []Line{labelled("address", r.IP), labelled("action", r.Action), labelled("host", hostText(r.Host)), labelled("rule", r.ID)}
	lines = append(lines, wrapped("notes", r.Notes, in.Width)...)
	switch t := endOf(in, r); {
	case t == nil && r.Blocks():
		lines = append(lines, labelled("ends", "never: no promise of this machine is on it"))
	case t != nil:
		lines = append(lines, labelled("made by", t.By+", call "+t.ID), labelled("ends", in.full(t.Due)+", "+timedCell(in, *t).Text))
	}
	return lines
}

func hostText(host string) string {
	if host == "*" {
		return "every host"
	}
	return host
}

// overdue is the first change that should have been taken back by now; nil when
// there is none.
func overdue(in In) *Timed {
	for i := range in.Timed {
		if in.Timed[i].Late {
			return &in.Timed[i]
		}
	}
	return nil
}

// overdueLine tells of it, with the key that carries it out; nil when there is
// none.
func overdueLine(in In, key string) Line {
	t := overdue(in)
	if t == nil {
		return nil
	}
	text := fmt.Sprintf("%s overdue for %s: %s %s", in.glyphs().Warning, age(in.View.Now().Sub(t.Due)), t.Action, t.Target)
	if t.By != "" {
		text += ", made by " + t.By
	}
	line := Line{gap(1), span(Warn, text)}
	if key == "" {
		return line
	}
	return spread(in.Width-1, line, span(Strong, key+" "+nameOr(in.Verbs[t.Action], "do it")))
}
