package ui

import (
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// levelOf is how loud the alerts are on metrics that begin like one of these.
func levelOf(in In, prefixes ...string) int {
	level := 0
	for _, a := range in.Alerts {
		if !a.Trouble() || a.Inhibited || a.Muted != nil {
			continue
		}
		for _, p := range prefixes {
			if strings.HasPrefix(a.Metric, p) {
				level = max(level, int(a.Level()))
			}
		}
	}
	return level
}

// usage is how the slots of a server are used.
type usage struct {
	active, waiting, inTx, idle, other int

	blind bool // what other roles do is not seen, save that they wait
}

// usageOf counts sessions by what they do. Waiting ones are not told apart
// where the activity is not known.
func usageOf(c model.Connections, a reading[model.Activity]) usage {
	u := usage{blind: c.Hidden != ""}
	if a.has() {
		for _, s := range a.Value.Sessions {
			if s.IsClient() && s.Waiting() {
				u.waiting++
			}
		}
	}
	u.inTx = c.State("idle in transaction") + c.State("idle in transaction (aborted)")
	u.idle = c.State("idle")
	u.active = max(c.State("active")-u.waiting, 0) // those that wait are active, seen or not
	u.other = max(c.Clients-u.active-u.waiting-u.inTx-u.idle, 0)
	return u
}

// parts are the shares of the usable slots.
func (u usage) parts(usable int) []float64 {
	all := float64(max(usable, 1))
	return []float64{float64(u.active) / all, float64(u.waiting) / all, float64(u.inTx) / all, float64(u.idle+u.other) / all}
}

// sessionsPanel is the box of the overview.
func sessionsPanel(in In) Panel {
	r := read(in.View, store.ConnectionsKey())
	a := read(in.View, store.ActivityKey())
	c := r.Value
	p := Panel{ID: "sessions", Title: "Sessions", Level: levelOf(in, "db.down", "db.connections", "db.locks", "db.query", "db.replica", "db.slots", "db.archiver", "db.deadlocks", "db.pooler")}
	if r.has() {
		u := usageOf(c, a)
		if r.status.State == store.OK {
			p.Title += "  " + slotsText(c)
		}
		p.Lines = append(p.Lines, Line{gap(1), span(levelRole(slotLevel(in), Plain), in.glyphs().Stack(u.parts(c.Usable()), in.Width-2))},
			usageLine(in, u), append(idleSpans(in, u), span(Muted, topCounts(in, c.ByApp, in.Width-2-cells(idleSpans(in, u)...)))))
		p.Lines = append(p.Lines, hiddenShort(in, c.Hidden)...)
		p.Lines = append(p.Lines, tightLimits(c)...)
		p.Lines = append(append(p.Lines, poolerLine(in)...), progressLines(in)...)
		p.Short = sessionsShort(in, c, u)
	}
	if lock := lockSummary(in, a); lock != nil {
		p.Lines = append(p.Lines[:min(2, len(p.Lines)):min(2, len(p.Lines))], append([]Line{lock}, p.Lines[min(2, len(p.Lines)):]...)...)
	}
	return panelOf(in, p, r.status)
}

// slotLevel is how loud the alert on the share of used slots is.
func slotLevel(in In) int { return levelOf(in, "db.connections.used") }

// idleSpans are the part of the legend that matters least.
func idleSpans(in In, u usage) Line {
	word := " idle"
	if u.blind {
		word = " hidden"
	}
	return Line{gap(1), span(Muted, in.glyphs().Light+count(int64(u.idle+u.other))+word), gap(2)}
}

// usageLine is the legend of the bar, less what is idle.
func usageLine(in In, u usage) Line {
	g := in.glyphs()
	line := Line{gap(1)}
	for _, part := range []struct {
		glyph, name string
		n           int
		role        Role
	}{
		{g.Full, "active", u.active, Plain}, {g.Dark, "waiting", u.waiting, Warn},
		{g.Medium, "idle in tx", u.inTx, Plain},
	} {
		role := part.role
		if part.n == 0 {
			role = Muted
		}
		text := count(int64(part.n))
		if u.blind && part.glyph != g.Dark {
			text, role = "?", Unknown
		}
		line = append(line, span(Muted, part.glyph), span(role, text+" "+part.name), gap(1))
	}
	return line
}

// topCounts lists names with their counts, as many as fit.
func topCounts(in In, counts []model.Count, width int) string {
	text := ""
	for _, c := range counts {
		name := c.Name
		if name == "" {
			name = "(none)"
		}
		more := cutName(name, in.glyphs().Ellipsis) + " " + count(int64(c.N))
		if text != "" {
			more = "  " + more
		}
		if cells(span(Plain, text+more)) > width {
			break
		}
		text += more
	}
	return text
}

// cutName is a name of at most 16 characters, so that one cannot crowd out the others.
func cutName(name, ellipsis string) string {
	if runes := []rune(name); len(runes) > 16 {
		return string(runes[:15]) + ellipsis
	}
	return name
}

// tightLimits names the limits of single roles and databases that are nearly used up.
func tightLimits(c model.Connections) []Line {
	var lines []Line
	for _, l := range c.Limits {
		if l.Limit > 0 && l.Used*5 >= l.Limit*4 {
			lines = append(lines, Line{gap(1), span(Warn, "! "+l.Kind+" "+l.Name+" uses "+count(int64(l.Used))+" of its "+count(int64(l.Limit)))})
		}
	}
	return lines
}

// lockSummary is the root that most sessions wait for; nil when nobody waits.
func lockSummary(in In, a reading[model.Activity]) Line {
	roots := a.Value.LockTree()
	if len(roots) == 0 || roots[0].Waits == 0 || a.status.State != store.OK {
		return nil
	}
	w := roots[0]
	text := count(int64(w.Waits)) + " wait behind " + pidText(w.PID)
	if w.Session != nil && w.Session.App != "" {
		text += " " + w.Session.App
	}
	return Line{gap(1), span(levelRole(max(levelOf(in, "db.locks"), 2), Warn), text)}
}

func sessionsShort(in In, c model.Connections, u usage) Line {
	active := span(Plain, count(int64(u.active))+" active")
	if u.blind {
		active = span(Unknown, "? active")
	}
	line := Line{span(levelRole(slotLevel(in), Strong), count(int64(c.Clients))+"/"+count(int64(c.Usable()))), gap(2), active}
	if u.waiting > 0 {
		line = append(line, gap(1), span(levelRole(max(levelOf(in, "db.locks"), 0), Strong), count(int64(u.waiting))+" waiting"))
	}
	if u.inTx > 0 {
		line = append(line, gap(1), span(Plain, count(int64(u.inTx))+" idle-in-tx"))
	}
	return line
}

// slotsText says how many of the slots that anybody may use are taken, and how
// many sessions stand in those kept for superusers.
func slotsText(c model.Connections) string {
	beyond := max(c.Clients-c.Usable(), 0)
	text := count(int64(c.Clients-beyond)) + " of " + count(int64(c.Usable())) + " usable"
	if beyond > 0 {
		text += ", " + count(int64(beyond)) + " reserved"
	}
	return text
}

// connectionLines is the head of the list of sessions: the slots in use.
func connectionLines(in In) []Line {
	r := read(in.View, store.ConnectionsKey())
	if !r.has() || r.status.State != store.OK {
		return nil
	}
	c := r.Value
	u := usageOf(c, read(in.View, store.ActivityKey()))
	line := Line{gap(1), span(levelRole(slotLevel(in), Strong), slotsText(c)+" slots"), gap(1)}
	return []Line{append(append(line, usageLine(in, u)...), idleSpans(in, u)[1:]...)}
}
