package ui

import (
	"strconv"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/store"
)

// tallyOf counts the alerts by level, and the servers and readings that cannot
// be told.
func tallyOf(in In) (critical, warning, unknown int) {
	lost := map[string]bool{}
	servers := map[string]string{}
	for _, s := range in.View.Sources() {
		servers[s.Name] = serverOf(s)
		if unknownLevel(s) > 0 {
			lost[serverOf(s)] = true
		}
	}
	for _, a := range in.Alerts {
		switch {
		case dimmed(a), a.Quiet():
		case a.Level() == alert.Critical:
			critical++
		case a.Level() == alert.Warning:
			warning++
		case a.Level() == alert.Unclear:
			lost[nameOr(servers[a.Source], a.Rule)] = true
		}
	}
	return critical, warning, len(lost)
}

func nameOr(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

// tallyLine says the worst state and the counts; in words where there is room.
func tallyLine(in In, words bool) Line {
	critical, warning, unknown := tallyOf(in)
	g := in.glyphs()
	var line Line
	for _, part := range []struct {
		n    int
		mark string
		word string
		role Role
	}{{critical, g.Critical, "critical", Bad}, {warning, g.Warning, "warning", Warn}, {unknown, g.Unknown, "unknown", Unknown}} {
		if part.n == 0 {
			continue
		}
		text := part.mark + strconv.Itoa(part.n)
		if words {
			text = part.mark + " " + strconv.Itoa(part.n) + " " + part.word
		}
		line = append(line, span(part.role, text), gap(1+btoi(words)))
	}
	if len(line) == 0 {
		return Line{calmWord(in), gap(1 + btoi(words))}
	}
	return line
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// calmWord is the state when nothing is in trouble: fine only when something
// was read.
func calmWord(in In) Span {
	read := false
	for _, s := range in.View.Sources() {
		if s.State == store.Pending {
			return span(Muted, in.glyphs().Ellipsis+" reading")
		}
		read = read || s.State == store.OK
	}
	if !read {
		return span(Unknown, "? nothing is read")
	}
	return span(Plain, in.glyphs().Fine+" all in order")
}

// modeSpan says whether something can be changed.
func modeSpan(in In) Span {
	switch {
	case in.Mode.Armed > 0:
		return span(Warn, "ARMED "+age(in.Mode.Armed.Round(time.Second)))
	case in.Mode.ReadOnly:
		return span(Muted, "READ-ONLY always")
	default:
		return span(Muted, "READ-ONLY")
	}
}

// clockSpan is the instant that is shown, and whether it is now.
func clockSpan(in In) Span {
	text := in.clock(in.View.Now())
	if in.Mode.Frozen {
		return span(Strong, text+"  FROZEN")
	}
	return span(Plain, text+"  live")
}

// HeaderLine is the first line of the screen: what is watched, how it is, what
// may be done and as of when. Where it is narrow the instant and the counts
// stay longest.
func HeaderLine(in In) Line {
	name, server := span(Strong, " tocsin"), span(Plain, " "+in.Mode.Server)
	wide := Line{name, gap(1), server, gap(2)}
	for _, left := range []Line{
		append(append(wide, gap(6)), tallyLine(in, true)...),
		append(append(Line{name, server, gap(2)}, tallyLine(in, true)...), gap(0)),
		append(Line{name, server, gap(2)}, tallyLine(in, false)...),
		append(Line{server, gap(1)}, tallyLine(in, false)...),
	} {
		right := Line{modeSpan(in), gap(4), clockSpan(in), gap(1)}
		if in.Duty.Incident != nil {
			right = append(Line{incidentSpan(in), gap(4)}, right...)
		}
		if in.Mode.Running != "" {
			right = append(Line{span(Strong, in.Mode.Running), gap(4)}, right...)
		}
		if cells(left...)+cells(right...) <= in.Width {
			return append(append(left, gap(in.Width-cells(left...)-cells(right...))), right...)
		}
	}
	return narrowHeader(in)
}

// narrowHeader is the counts, and as much of the rest as fits behind them: the
// instant before what may be done before the incident.
func narrowHeader(in In) Line {
	left, long := tallyLine(in, false), clockSpan(in)
	clock := span(Plain, in.clock(in.View.Now()))
	if in.Mode.Frozen {
		clock = span(Strong, "FROZEN")
	}
	var right Line
	for _, s := range []Span{clock, modeSpan(in), incidentSpan(in)} {
		if s.Text != "" && cells(left...)+cells(right...)+cells(s) <= in.Width {
			right = append(Line{s, gap(1)}, right...)
		}
	}
	if n := len(right); n > 0 && cells(left...)+cells(right...)-cells(clock)+cells(long) <= in.Width {
		right[n-2] = long
	}
	return append(left, right...)
}
