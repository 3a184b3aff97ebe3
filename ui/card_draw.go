package ui

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"tocsin/actions"
	"tocsin/internal/incident"
)

// cardWidth is the width of a card where the screen has it.
const cardWidth = 86

// Sizes under which a card could not be read, so that nothing can be confirmed.
const (
	leastCard     = 40
	leastCardRows = 12
)

// draw shows the card in the middle of the screen.
func (c *card) draw(a *App, full canvas) {
	if full.w < leastCard || full.h < leastCardRows {
		full.clear()
		full.line(0, 0, Line{{Text: "too small for a card: " + strconv.Itoa(leastCard) + "x" + strconv.Itoa(leastCardRows), Role: Warn}})
		full.part(0, 1, full.w, 1).line(0, 0, Line{{Text: "Esc leaves", Role: Muted}})
		return
	}
	w := min(full.w, cardWidth)
	body := c.body(w-4, recordOf(a.in.Duty.Incident))
	foot := c.foot(a, w-4)
	h := min(full.h, len(body)+len(foot)+3)
	box := full.part((full.w-w)/2, max((full.h-h)/3, 0), w, h)
	box.clear()
	inner := box.frame(c.title(a), full.theme.dialog)
	room := max(inner.h-len(foot), 0)
	c.scroll(len(body), room)
	drawLines(inner.part(1, 0, inner.w-2, room), 0, body[c.top:])
	below := inner.part(1, room, inner.w-2, len(foot))
	for i, line := range foot {
		c.drawFoot(below.part(0, i, below.w, 1), line)
	}
	if c.unread > 0 {
		more := Line{{Text: fmt.Sprintf(" %s %s ", a.glyphs.Down, plural(c.unread, "more line", "more lines")), Role: Warn}}
		box.part(max(w-cells(more...)-2, 0), room, cells(more...), 1).line(0, 0, more)
	}
}

// scroll keeps the top within the text, and counts what is below the fold.
func (c *card) scroll(lines, room int) {
	c.top = max(min(c.top, lines-room), 0)
	c.unread = max(lines-c.top-room, 0)
	c.read = c.read || c.unread == 0
}

// footLine is a line at the bottom of a card: text, and a field where it has one.
type footLine struct {
	line  Line
	field *entry
	here  bool
}

func (c *card) drawFoot(line canvas, f footLine) {
	x := line.line(0, 0, f.line)
	if f.field != nil {
		f.field.draw(line.part(x, 0, line.w-x, 1), f.here)
	}
}

func (c *card) title(a *App) Line {
	title := c.action.Title
	if t := c.asks.Plan.Title(); t != "" {
		title += " " + t
	}
	danger := c.action.Danger
	if c.asks.Plan.Target != "" {
		danger = c.asks.Plan.Danger
	}
	return Line{{Text: title + " on " + a.o.Server, Role: Title}, {Text: "   " + danger.String(), Role: dangerRole(danger)}}
}

func dangerRole(d actions.Danger) Role {
	switch d {
	case actions.Destructive:
		return Bad
	case actions.Disruptive:
		return Warn
	default:
		return Muted
	}
}

// recordOf says where an action is recorded.
func recordOf(s *incident.State) string {
	if s == nil {
		return "audit on this machine; no incident is open"
	}
	return "audit on this machine; incident " + s.Severity + " " + s.Title()
}

// body is what the card says of the plan, and where that is recorded. What
// happens now stands in its foot, which is always in sight.
func (c *card) body(width int, record string) []Line {
	plan := c.asks.Plan
	if c.phase == finished && plan.Target == "" {
		plan = c.out.Plan
	}
	var out []Line
	for i, step := range plan.Steps {
		label := ""
		if i == 0 {
			label = "will run"
		}
		out = append(out, cardLine(label, step, Strong, width)...)
	}
	for _, n := range plan.Notes {
		out = append(out, cardLine(n.Label, n.Text, Plain, width)...)
	}
	if len(out) == 0 {
		return nil
	}
	return append(out, cardLine("record", record, Muted, width)...)
}

// labelWidth is the room for the label of a card's line.
const labelWidth = 17

// cardLine is one labelled text, wrapped.
func cardLine(label, text string, r Role, width int) []Line {
	var out []Line
	for _, part := range wrap(text, max(width-labelWidth, 8)) {
		out = append(out, Line{{Text: label, Role: Muted, Width: labelWidth}, {Text: part, Role: r}})
		label = ""
	}
	return out
}

func (c *card) progressLine(a *App, width int) Line {
	line := Line{{Text: "running", Role: Warn, Width: labelWidth}}
	if p := c.progress.Part; p > 0 && !math.IsNaN(p) {
		line = append(line, Span{Text: a.glyphs.Bar(p, min(24, width/3)), Role: Strong}, Span{Text: fmt.Sprintf(" %.0f %%  ", 100*p)})
	}
	return append(line, Span{Text: c.progress.Text})
}

// foot is what happens and what can be done now; the last line lists the keys.
func (c *card) foot(a *App, width int) []footLine {
	note := footLine{line: Line{{Text: c.wrong, Role: Bad}}}
	switch c.phase {
	case planning:
		looking := Line{{Text: "looking at the target " + a.glyphs.Ellipsis + " " + age(time.Since(c.opened)), Role: Muted}}
		return footOf([]Line{looking}, Line{{Text: "Esc leaves; nothing has been changed", Role: Muted}})
	case arming:
		return []footLine{
			note,
			{line: Line{{Text: "read-only: type " + c.asks.Server + " to arm for ten minutes  ", Role: Warn}}, field: &c.armed, here: true},
			{line: Line{{Text: "[ Cancel ] Esc", Role: Strong}, {Text: "      Enter goes on to the card; nothing runs yet", Role: Muted}}},
		}
	case asking:
		return c.askFoot(a, note)
	case running:
		return footOf([]Line{c.progressLine(a, width), {}},
			Line{{Text: "c", Role: Strong}, {Text: " asks it to stop   ", Role: Muted}, {Text: "Esc", Role: Strong}, {Text: " leaves it running", Role: Muted}})
	default:
		text, role := outcomeText(c.out, c.err)
		lines := cardLine("outcome", text, role, width)
		return footOf(append(lines, Line{}), Line{{Text: "Esc", Role: Strong}, {Text: " closes", Role: Muted}})
	}
}

// footOf is a foot without fields.
func footOf(lines []Line, keys Line) []footLine {
	var out []footLine
	for _, line := range append(lines, keys) {
		out = append(out, footLine{line: line})
	}
	return out
}

func (c *card) askFoot(a *App, note footLine) []footLine {
	if c.wrong == "" && c.wantsReason() {
		note.line = Line{{Text: "a reason is asked for (Tab): " + c.asks.Plan.Reason, Role: Warn}}
	}
	lines := []footLine{note, {
		line: Line{{Text: "reason  ", Role: Muted}, {Text: a.glyphs.Caret, Role: Muted}}, field: &c.reason, here: c.focus == 1,
	}}
	if c.asks.Phrase != "" {
		lines = append(lines, footLine{
			line:  Line{{Text: "type " + c.asks.Phrase + " to " + c.verb() + "  ", Role: Bad}},
			field: &c.typed, here: c.focus == 2,
		}, footLine{line: Line{{Text: "[ Cancel ] Esc", Role: Strong}, {Text: "      Tab reason, and back   Enter " + c.verb(), Role: Muted}}})
		return lines
	}
	yes := Line{{Text: "[ Cancel ] Esc", Role: Strong}, {Text: "      y", Role: Strong}, {Text: "  " + c.verb()}}
	if c.focus == 1 {
		yes = append(yes, Span{Text: "   (after Tab: y is text here)", Role: Muted})
	} else if left := c.held(); left > 0 {
		yes = append(yes, Span{Text: "   (in a second)", Role: Muted})
	} else {
		yes = append(yes, Span{Text: "   Tab reason", Role: Muted})
	}
	return append(lines, footLine{line: yes})
}

func (c *card) verb() string {
	if c.action.Verb == "" {
		return "do it"
	}
	return c.action.Verb
}
