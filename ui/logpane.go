package ui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"

	"tocsin/internal/model"
)

// LogSource is a log that can be followed.
type LogSource struct {
	Name string // runtime log of v31
	Note string // what it does not show
	// Follow gives lines until ctx ends, which is no error, or there are no
	// more. It runs on a goroutine of its own.
	Follow func(ctx context.Context, put func(model.LogLine)) error
}

// logPane follows a log over the whole screen, the newest line at the bottom.
// What it keeps is bounded, and the reading ends with it.
type logPane struct {
	sources []LogSource
	open    int // the source that is followed

	ring   *ring
	stop   context.CancelFunc
	over   bool  // there are no more lines
	ended  error // why; nil when it just ended
	wrap   bool  // long lines go on below
	paused bool
	until  int64 // while paused: lines from this number on are not shown
	up     int   // lines scrolled up from the bottom
	filter filter
	page   int
	count  int // lines that pass the filter, as last drawn
}

// followLog opens the logs of the selected row.
func (a *App) followLog() {
	if a.o.Logs == nil {
		a.say("nothing here has a log that can be followed", Muted)
		return
	}
	sources := []LogSource(nil)
	if row, ok := a.grid().row(); ok && a.at.page != 0 {
		sources = a.o.Logs(row.Key)
	}
	if len(sources) == 0 {
		a.say("no log to follow here: select a build", Muted)
		return
	}
	p := &logPane{sources: sources}
	a.push(p)
	p.follow(a)
}

// follow begins to read the open source.
func (p *logPane) follow(a *App) {
	ctx, cancel := context.WithCancel(a.ctx)
	p.stop, p.ring, p.over, p.ended = cancel, &ring{}, false, nil
	p.paused, p.up = false, 0
	into, source := p.ring, p.sources[p.open]
	a.desk.Go("log", func() {
		// Lines are drawn with the clock, once a second: each frame of a log that
		// runs is sent whole.
		err := source.Follow(ctx, into.put)
		a.post(func() {
			if p.ring == into { // it was not left for another one
				p.over, p.ended = true, err
			}
		})
	})
}

// shown are the lines that may be seen now.
func (p *logPane) shown() excerpt {
	end := p.ring.end()
	if p.paused {
		end = p.until
	}
	return p.ring.before(end, p.filter)
}

func (p *logPane) draw(a *App, full canvas) {
	c := full
	if full.h >= tinyRows { // the header stays, and the keys take the footer
		c = full.part(0, 1, full.w, full.h-2)
		foot := full.part(0, full.h-1, full.w, 1)
		foot.clear()
		foot.line(1, 0, p.keys())
	}
	c.clear()
	got := p.shown()
	inner := c.frame(p.title(got), c.theme.border)
	if note := p.sources[p.open].Note; note != "" && inner.h > leastBody {
		inner.line(1, 0, Line{{Text: note, Role: Muted}})
		inner = inner.part(0, 1, inner.w, inner.h-1)
	}
	p.page, p.count = inner.h, len(got.lines)
	p.up = max(min(p.up, p.count-p.page), 0)
	if p.count == 0 {
		inner.line(1, 0, Line{{Text: p.emptyText(got), Role: Muted}})
	}
	for y, line := range p.rows(a.in, got.lines, inner) {
		inner.line(1, y, line)
	}
}

// rows are the lines that fit, the newest that is not scrolled away last.
func (p *logPane) rows(in In, lines []model.LogLine, c canvas) []Line {
	var rows []Line
	for i := p.count - p.up - 1; i >= 0 && len(rows) < c.h; i-- {
		parts := []string{lines[i].Text}
		if p.wrap {
			parts = wrap(lines[i].Text, max(c.w-2-logLead, 10))
		}
		for j := len(parts) - 1; j >= 0; j-- {
			rows = append(rows, logLine(in, lines[i], parts[j], j == 0))
		}
	}
	rows = rows[:min(len(rows), c.h)]
	slices.Reverse(rows)
	return rows
}

// emptyText says why there is nothing to see.
func (p *logPane) emptyText(got excerpt) string {
	switch {
	case p.filter.text != "" && got.all > 0:
		return "none of " + plural(got.all, "line", "lines") + " matches " + p.filter.text
	case p.over:
		return "nothing"
	}
	return "nothing yet"
}

// title says what is followed, how it stands, and what is missing.
func (p *logPane) title(got excerpt) Line {
	title := Line{{Text: p.sources[p.open].Name, Role: Title}}
	add := func(r Role, text string) { title = append(title, gap(2), Span{Text: text, Role: r}) }
	switch {
	case p.ended != nil && !errors.Is(p.ended, context.Canceled):
		add(Bad, "lost: "+p.ended.Error())
	case p.over:
		add(Muted, "it ends here")
	case p.paused:
		add(Warn, "PAUSED")
		if n := p.ring.end() - p.until; n > 0 {
			add(Muted, count(n)+" new below")
		}
	default:
		add(Good, "following")
	}
	if p.filter.text != "" {
		add(Warn, "/"+p.filter.text+" "+count(int64(len(got.lines)))+" of "+count(int64(got.all)))
	} else {
		add(Muted, plural(got.all, "line", "lines"))
	}
	if got.dropped > 0 {
		add(Warn, count(got.dropped)+" older dropped")
	}
	if got.cut > 0 {
		add(Warn, count(got.cut)+" cut")
	}
	return title
}

// keys are the keys that work in the pane.
func (p *logPane) keys() Line {
	list := [][2]string{{"Esc", "back"}, {"/", "filter"}, {"Space", "pause"}}
	if p.paused {
		list[2][1] = "go on"
	}
	if len(p.sources) > 1 {
		list = append(list, [2]string{"Tab", p.sources[(p.open+1)%len(p.sources)].Name})
	}
	if p.over {
		list = append(list, [2]string{"r", "again"})
	}
	list = append(list, [][2]string{{"G", "newest"}, {"w", "wrap"}, {"y", "copy"}, {"j k", "scroll"}}...)
	var line Line
	for _, k := range list {
		line = append(line, Span{Text: k[0], Role: Strong}, Span{Text: " " + k[1] + "  ", Role: Muted})
	}
	return line
}

// logLead is the room before the text of a line: time and mark.
const logLead = len("15:04:05Z") + 3

// logLine is a part of a line as it is drawn; the first has its time.
func logLine(in In, l model.LogLine, text string, first bool) Line {
	at := ""
	if !l.At.IsZero() && first {
		at = in.clock(l.At)
	}
	role := Plain
	switch {
	case l.Own:
		role = Unknown
	case l.Level == "error":
		role = Bad
	case l.Level == "warning":
		role = Warn
	}
	mark := map[string]string{"error": in.glyphs().Critical, "warning": in.glyphs().Warning}[l.Level]
	line := Line{field(len("15:04:05Z"), Muted, at), gap(1), field(1, role, mark), gap(1), span(role, strings.ReplaceAll(text, "\t", "  "))}
	if l.Cut && first {
		line = append(line, span(Muted, " "+in.glyphs().Ellipsis+"cut"))
	}
	return line
}

func (p *logPane) key(a *App, ev *tcell.EventKey) {
	switch keyName(ev) {
	case "Esc":
		if p.filter.text != "" {
			p.filter = filter{}
			return
		}
		p.close(a)
	case "q", "f":
		p.close(a)
	case "Ctrl-C":
		a.quit()
	case " ", "p", "z":
		p.pause(!p.paused)
	case "w":
		p.wrap = !p.wrap
	case "/":
		a.push(p.filterLine())
	case "Tab", "]", "Shift-Tab", "[":
		if len(p.sources) > 1 {
			p.stop()
			p.open = (p.open + 1) % len(p.sources)
			p.follow(a)
		}
	case "r":
		if p.over {
			p.follow(a)
		}
	case "y", "Y":
		a.copyText(a.copyHead(p.sources[p.open].Name) + p.text(a.in))
	case "?":
		a.push(newHelp(a))
	default:
		p.scroll(keyName(ev))
	}
}

// scroll moves the view. Who looks at older lines does not want them to move,
// so that pauses; the newest line goes on.
func (p *logPane) scroll(key string) {
	by := map[string]int{
		"k": 1, "Up": 1, "j": -1, "Down": -1, "PgUp": p.page, "PgDn": -p.page, "Ctrl-F": -p.page, "Ctrl-U": p.page / 2, "Ctrl-D": -p.page / 2,
		"g": p.count, "Home": p.count, "G": -p.count, "End": -p.count,
	}[key]
	switch {
	case by > 0 && !p.paused:
		p.pause(true)
	case key == "G" || key == "End":
		p.pause(false)
	}
	p.up = max(min(p.up+by, p.count-p.page), 0)
}

// pause holds the view, or lets it go to the newest line.
func (p *logPane) pause(hold bool) {
	p.paused, p.until = hold, p.ring.end()
	if !hold {
		p.up = 0
	}
}

// text is what passes the filter, as text.
func (p *logPane) text(in In) string {
	var lines []Line
	for _, l := range p.shown().lines {
		lines = append(lines, logLine(in, l, l.Text, true))
	}
	return linesText(lines)
}

// close ends the reading with the pane.
func (p *logPane) close(a *App) {
	p.stop()
	a.drop(p)
}

// filterLine is the filter of the pane while it is typed; the lines follow.
func (p *logPane) filterLine() *filterLine {
	f := &filterLine{before: p.filter, take: func(_ *App, to filter) { p.filter, p.up = to, 0 }}
	f.typed.set(p.filter.text)
	return f
}
