package ui

import (
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"tocsin/internal/model"
	"tocsin/internal/store"
	"tocsin/internal/term"
)

// BenchmarkStatements makes and draws the view of statements at 160×48, with as
// many since the mark as a server keeps by default.
func BenchmarkStatements(b *testing.B) {
	st := store.New()
	now := st.View().Now()
	entries := func(calls int64) []model.StatementCount {
		var out []model.StatementCount
		for id := range int64(5000) {
			out = append(out, model.StatementCount{StatementID: model.StatementID{ID: id * 7919, Role: 10, Database: 5, TopLevel: true},
				StatementWork: model.StatementWork{Calls: calls * (id%97 + 1), Rows: calls * 3, Total: time.Duration(1e6 * (1 + calls*id)), Hits: calls * 40, Reads: id % 7, WALBytes: calls * (id % 3)}})
		}
		return out
	}
	v := model.Statements{Names: model.StatementNames{Texts: map[int64]string{0: "SELECT 1"}}, Counts: model.CountStatements(model.StatementHead{At: now}, entries(2))}
	store.NewCell(st, store.StatementsKey(), store.Source{Every: time.Hour}).Put(v, now, 0)
	marks := counting{set: Mark{At: now, Counts: model.CountStatements(model.StatementHead{At: now.Add(-1e9)}, entries(1))}}
	under := tcell.NewSimulationScreen("UTF-8")
	if err := under.Init(); err != nil {
		b.Fatal(err)
	}
	defer under.Fini()
	under.SetSize(160, 48)
	screen := term.NewScreen(under, false, true)
	a := &App{pages: Pages(), grids: map[place]*grid{}, glyphs: term.NewGlyphs(false), at: place{page: 2}}
	a.commands = commandList(a.pages, nil)
	view := st.View()
	b.ReportAllocs()
	for b.Loop() {
		a.in = In{View: view, Since: now, Mode: Mode{Server: "prod"}, Counted: marks.look(view)}
		a.draw(canvas{screen: screen, theme: themes()[0], glyphs: a.glyphs, w: 160, h: 48})
		screen.Show()
	}
}
