package ui

import (
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/store"
)

// troubles are the alerts that are more than a reading in order. Those that
// another one explains, or that are silenced, come last.
func troubles(in In) []alert.Alert {
	var loud, quiet []alert.Alert
	for _, a := range in.Alerts {
		switch {
		case !a.Trouble():
		case dimmed(a):
			quiet = append(quiet, a)
		default:
			loud = append(loud, a)
		}
	}
	return append(loud, quiet...)
}

// dimmed tells whether an alert is shown without asking for anything.
func dimmed(a alert.Alert) bool { return a.Inhibited || a.Muted != nil }

// alertLine is one alert in a line of so many cells.
func alertLine(in In, a alert.Alert) Line {
	role, text := levelRole(int(a.Level()), Plain), Plain
	if dimmed(a) || a.Acked != nil {
		text = Muted
	}
	if dimmed(a) {
		role = Muted
	}
	left := Line{span(role, in.mark(int(a.Level()))+" "), field(3, role, string(a.Severity))}
	end := Line{figure(7, text, alertValue(in, a)), gap(1), figure(8, Muted, alertAge(in, a))}
	if in.Width >= 64 {
		end = append(end, gap(2), field(22, Muted, a.Runbook))
	}
	name := in.Width - cells(left...) - cells(end...) - 1
	if name < 8 {
		return append(left, span(text, alertName(a)))
	}
	return append(append(left, field(name, text, middleCut(in, alertName(a), name)), gap(1)), end...)
}

// middleCut leaves out the middle of a name that is too long: names differ most
// at their ends.
func middleCut(in In, name string, width int) string {
	runes := []rune(name)
	if len(runes) <= width || width < 5 {
		return name
	}
	head := (width - 1) / 2
	return string(runes[:head]) + in.glyphs().Ellipsis + string(runes[len(runes)-(width-1-head):])
}

func alertValue(in In, a alert.Alert) string {
	if !a.Known {
		return in.glyphs().Unknown
	}
	if a.Says != "" {
		word, _, _ := strings.Cut(a.Says, " ")
		return strings.TrimSuffix(word, ":")
	}
	return value(a.Value, a.Unit)
}

// alertAge is how long an alert fires, or how it stands otherwise: one that
// another explains follows from it.
func alertAge(in In, a alert.Alert) string {
	switch {
	case a.Inhibited:
		return "follows"
	case a.Muted != nil && a.Muted.Ending(in.View.Now()):
		return "mute " + strconv.Itoa(int(max(a.Muted.Until.Sub(in.View.Now()), 0)/time.Minute)) + "m"
	case a.Muted != nil:
		return "muted"
	case a.Flapping:
		return "flaps"
	case a.State != alert.Firing:
		return string(a.State)
	case a.Acked != nil:
		return "acked"
	default:
		return age(a.Age(in.View.Now()))
	}
}

// AlertLines are the alerts in order of urgency, one a line.
func AlertLines(in In) []Line {
	var lines []Line
	for _, a := range troubles(in) {
		lines = append(lines, alertLine(in, a))
	}
	if len(lines) == 0 {
		return []Line{{gap(1), calmText(in)}}
	}
	return append(lines, unjudged(in)...)
}

// unjudged says how many rules could not be judged, and of the first why: what
// is unknown is counted in the header, so it has to stand somewhere. Of a source
// that cannot be read its own place tells.
func unjudged(in In) []Line {
	var names []string
	for _, a := range in.Alerts {
		if a.State == alert.Unknown && !a.Trouble() && !a.Quiet() && unknownLevel(statusOf(in.View, a.Source)) == 0 {
			names = append(names, alertName(a)+": "+a.Why)
		}
	}
	if len(names) == 0 {
		return nil
	}
	text := names[0]
	if n := len(names); n > 1 {
		text = count(int64(n)) + " unknown, the first " + text
	}
	return []Line{{span(Unknown, in.glyphs().Unknown+" "), span(Muted, text)}}
}

// calmText says that no alert is on, and how much that is worth.
func calmText(in In) Span {
	sure, unsure := 0, 0
	for _, a := range in.Alerts {
		if a.State == alert.Unknown {
			unsure++
		} else {
			sure++
		}
	}
	switch {
	case sure+unsure == 0 && anyPending(in):
		return span(Muted, in.glyphs().Ellipsis)
	case sure+unsure == 0:
		return span(Unknown, "? nothing to judge by")
	case anyPending(in):
		return span(Muted, "none so far; "+count(int64(sure))+" in order")
	case unsure > 0:
		return span(Muted, "none; "+count(int64(sure))+" in order, "+count(int64(unsure))+" unknown")
	default:
		return span(Muted, "none; all "+count(int64(sure))+" in order")
	}
}

func anyPending(in In) bool {
	for _, s := range in.View.Sources() {
		if s.State == store.Pending {
			return true
		}
	}
	return false
}

// markNotes say what people said of the alerts, and which of these flap.
func markNotes(in In) []string {
	var out []string
	for _, a := range in.Alerts {
		if a.Acked != nil {
			out = append(out, alertName(a)+": taken on by "+nameOr(a.Acked.Who, "?")+" at "+in.clock(a.Acked.At)+because(a.Acked.Why))
		}
		if a.Muted != nil {
			out = append(out, alertName(a)+": muted by "+nameOr(a.Muted.Who, "?")+" until "+in.clock(a.Muted.Until)+because(a.Muted.Why))
		}
		if a.Flapping {
			out = append(out, alertName(a)+": flaps, so it clears only after a while in order")
		}
	}
	return out
}

// because is a reason behind what it is for; "" where none was given.
func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// alertsPanel is the box of the overview.
func alertsPanel(in In) Panel {
	p := Panel{ID: "alerts", Title: "Alerts"}
	for _, a := range troubles(in) {
		if !dimmed(a) {
			p.Level = max(p.Level, int(a.Level()))
		}
	}
	if n := len(troubles(in)); n > 0 {
		p.Title += "  " + count(int64(n))
	}
	p.Lines = AlertLines(in)
	return p
}

// limitOf is at what an alert fires, in the unit of its reading: "> 1 s".
func limitOf(a alert.Alert) string {
	v, err := a.Threshold.In(a.Unit)
	if err != nil {
		return a.Threshold.String()
	}
	if v == 0 {
		return strings.TrimSuffix(a.Threshold.Op+" 0 "+string(a.Unit), " ")
	}
	text := value(v, a.Unit)
	for _, zeros := range []string{".00 ", ".0 "} {
		text = strings.Replace(text, zeros, " ", 1)
	}
	return a.Threshold.Op + " " + text
}
