package ui

import (
	"testing"

	"github.com/gdamore/tcell/v2"

	"tocsin/internal/alert"
	"tocsin/internal/store"
	"tocsin/internal/term"
)

// BenchmarkOverview makes and draws the overview at 160×48.
func BenchmarkOverview(b *testing.B) {
	s := scenes()[2]
	st := store.New()
	now := st.View().Now()
	cellsOf(st, s, now).put(s.at(now, s.lasting), now)
	alerts := alert.New(alert.Defaults()).Step(st.View())
	under := tcell.NewSimulationScreen("UTF-8")
	if err := under.Init(); err != nil {
		b.Fatal(err)
	}
	defer under.Fini()
	under.SetSize(160, 48)
	screen := term.NewScreen(under, false, true)
	a := &App{o: Options{Runner: noActions()}, pages: Pages(), grids: map[place]*grid{}, glyphs: term.NewGlyphs(false)}
	a.commands = commandList(a.pages, nil)
	a.in = In{View: st.View(), Alerts: alerts, Suspect: s.suspect(now), Since: now, Mode: Mode{Server: "prod"}}
	b.ReportAllocs()
	for b.Loop() {
		a.draw(canvas{screen: screen, theme: themes()[0], glyphs: a.glyphs, w: 160, h: 48})
		screen.Show()
	}
}
