package ui

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// back takes away the nearest thing: the message, the filter, a page that is
// not the overview. It never quits.
func (a *App) back() {
	g := a.grid()
	switch {
	case a.said != "":
		a.said = ""
	case g.filter.text != "":
		g.filter = filter{}
	case a.at.page != 0:
		a.goTo(place{})
	}
}

// quit ends the screen; with an action under way it asks once.
func (a *App) quit() {
	running := a.o.Runner.Running()
	if len(running) == 0 || a.warned {
		a.desk.Quit()
		return
	}
	a.warned = true
	a.say("still running: "+running[0].Title+"; q again leaves it running and quits", Warn)
}

// freeze holds the view, or lets it go.
func (a *App) freeze() {
	if a.frozen != nil {
		a.frozen = nil
		a.look()
		return
	}
	held := a.in
	a.frozen = &held
	a.look()
}

func (a *App) shiftTab(by int) {
	if n := len(a.page().Tabs); n > 1 {
		a.goTo(place{a.at.page, (a.at.tab + by + n) % n})
	}
}

// table is the table that is looked at; nil when there is none.
func (a *App) table() *Table {
	tab, ok := a.tab()
	if !ok {
		return nil
	}
	return tab.Frame(a.in).Table
}

func (a *App) shiftSort(by int) {
	if t := a.table(); t != nil {
		a.grid().shiftSort(t, by)
	}
}

// rowless says that a key for rows has none to work on.
func (a *App) rowless() bool {
	if a.table() != nil {
		return false
	}
	a.say("no rows here: "+a.pageKeys()+" open the views", Muted)
	return true
}

// refresh reads every source now.
func (a *App) refresh() {
	if a.frozen != nil {
		a.say("frozen: z lets go", Muted)
		return
	}
	a.o.Refresh()
}

// open shows the detail of the selected row; on the overview the evidence.
func (a *App) open() {
	tab, ok := a.tab()
	if a.at.page == 0 {
		a.evidence()
		return
	}
	row, found := a.grid().row()
	if !ok || !found || tab.Detail == nil {
		return
	}
	if tab.Name == "Runbooks" {
		a.readBook(row.Key)
		return
	}
	a.push(&pager{title: a.page().Name, lines: func(in In) []Line { return tab.Detail(in, row.Key) }})
}

// evidence shows why the verdict says what it says.
func (a *App) evidence() {
	a.push(&pager{title: "evidence", lines: Evidence, again: a.keyOf("evidence")})
	a.lookedAt()
}

// copyValue copies what the selected row is about; on the overview the verdict.
func (a *App) copyValue() {
	if a.at.page == 0 {
		a.copyText(a.in.Suspect.Summary)
		return
	}
	t, row, ok := a.table(), Row{}, false
	if t != nil {
		row, ok = a.grid().row()
	}
	if !ok {
		a.say("nothing is selected", Muted)
		return
	}
	a.copyText(mainText(t.Columns, row))
}

// mainText is the text of the row's widest column, else its first.
func mainText(columns []Column, r Row) string {
	for i, col := range columns {
		if text := cellAt(r, i).Text; col.Width == 0 && text != "" {
			return text
		}
	}
	return cellAt(r, 0).Text
}

// copyWidth is the width of copied lines: wide enough that none is broken.
const copyWidth = 1000

// copyHead says what is copied, of which target and when.
func (a *App) copyHead(what string) string {
	return fmt.Sprintf("%s of %s at %s\n\n", what, a.o.Server, a.in.View.Now().UTC().Format(time.RFC3339))
}

// copyView copies the view.
func (a *App) copyView() { a.copyText(a.viewText()) }

// viewText is the table as Markdown, with its time and source; on the overview
// it is the evidence of the verdict.
func (a *App) viewText() string {
	t := a.table()
	if t == nil {
		in := a.in
		in.Width = copyWidth
		return a.copyHead("overview") + linesText(Evidence(in))
	}
	var b strings.Builder
	b.WriteString(a.copyHead(a.page().Name))
	for i := range t.Columns {
		fmt.Fprintf(&b, "| %s ", t.Columns[i].Title)
	}
	b.WriteString("|\n" + strings.Repeat("| --- ", len(t.Columns)) + "|\n")
	a.grid().show(t)
	for _, row := range a.grid().rows {
		for i := range t.Columns {
			fmt.Fprintf(&b, "| %s ", strings.NewReplacer("|", "\\|", "\n", " ").Replace(cellAt(row, i).Text))
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// columnText is the widest column in copied lines: on the screen one may be as
// wide as there is room.
const columnText = 48

// linesText is lines as text, their columns under each other as on the screen.
// Nothing is cut: what is wider than its column has a blank behind it.
func linesText(lines []Line) string {
	var b strings.Builder
	for _, line := range lines {
		var text strings.Builder
		for _, s := range line {
			wide := cells(span(s.Role, s.Text))
			room := strings.Repeat(" ", max(min(s.Width, columnText)-wide, btoi(0 < s.Width && s.Width < wide)))
			if s.Right {
				text.WriteString(room + s.Text)
			} else {
				text.WriteString(s.Text + room)
			}
		}
		b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
	return b.String()
}

// copyText offers text to the terminal's clipboard, and writes it to a file
// because nobody can know whether it arrived.
func (a *App) copyText(text string) {
	err := a.desk.Copy(text)
	said := "copied to the terminal's clipboard"
	if err != nil {
		said = "not copied: " + err.Error()
	}
	if a.o.CopyFile == "" {
		a.say(said, Muted)
		return
	}
	a.desk.Go("copy", func() {
		if err := os.WriteFile(a.o.CopyFile, []byte(text), 0o600); err != nil {
			said += "; and not written: " + err.Error()
		} else {
			said += "; also in " + a.o.CopyFile
		}
		a.post(func() { a.say(said, Muted) })
	})
}

// footer lists the keys that work here and now.
func (a *App) footer(width int) Line {
	var views, rest Line
	for _, c := range a.commands {
		if c.Foot == "" || len(c.Keys) == 0 || c.ID == "view."+a.page().Name {
			continue
		}
		if c.ID == "filter" && a.at.page == 0 || c.On != "" && c.On != a.page().Name {
			continue
		}
		item := Line{{Text: c.Keys[0] + " ", Role: Strong}, {Text: c.Foot + "  ", Role: Muted}}
		if c.Group == "views" {
			views = append(views, item...)
		} else {
			rest = append(rest, item...)
		}
	}
	if cells(views...)+cells(rest...) > width {
		views = Line{{Text: a.pageKeys() + " ", Role: Strong}, {Text: "views  ", Role: Muted}}
	}
	return append(views, rest...)
}
