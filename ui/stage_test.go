package ui

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/store"
	"tocsin/internal/term"
	"tocsin/internal/testkit"
)

// stage is the whole screen without a terminal: keys go in, text comes out.
// It must be used inside synctest.Test.
type stage struct {
	*App
	t      *testing.T
	screen tcell.SimulationScreen
	copied string
	quit   bool
}

// onStage puts the app on a simulated screen of a size.
func onStage(t *testing.T, in In, w, h int, list ...actions.Action) *stage {
	t.Helper()
	runner, err := actions.NewRunner(actions.Options{Server: in.Mode.Server, Audit: &record{}}, list...)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, screen: tcell.NewSimulationScreen("UTF-8")}
	if err := s.screen.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.screen.Fini)
	s.screen.SetSize(w, h)
	s.App, err = New(Options{
		Server: in.Mode.Server, Runner: runner, Theme: themes()[0], Refresh: func() {},
		View:   func() store.View { return in.View },
		Alerts: func() []alert.Alert { return in.Alerts }, Suspect: func() alert.Suspect { return in.Suspect },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.glyphs, s.desk = term.NewGlyphs(false), s
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.ctx = ctx
	s.update(true)
	return s
}

// Go, Now, Copy, Quit, Background and Redraw make the stage the app's desk.
func (s *stage) Go(_ string, f func())  { go f() }
func (s *stage) Now()                   {}
func (s *stage) Copy(text string) error { s.copied = text; return nil }
func (s *stage) Quit()                  { s.quit = true }
func (s *stage) Background()            {}
func (s *stage) Redraw()                {}

// text draws what is to be seen now.
func (s *stage) text() string {
	s.update(true)
	w, h := s.screen.Size()
	s.draw(canvas{screen: s.screen, theme: s.o.Theme, glyphs: s.glyphs, w: w, h: h})
	s.screen.Show()
	return testkit.ScreenText(s.screen)
}

// press presses keys: names as in bindings, or single characters.
func (s *stage) press(keys ...string) {
	for _, name := range keys {
		s.key(eventOf(name))
		s.text()
	}
}

// write types text character by character.
func (s *stage) write(text string) {
	for _, r := range text {
		s.press(string(r))
	}
}

func eventOf(name string) *tcell.EventKey {
	if key, ok := namedKeys()[name]; ok {
		return tcell.NewEventKey(key, 0, 0)
	}
	if len(name) > 5 && name[:5] == "Ctrl-" {
		return tcell.NewEventKey(tcell.KeyCtrlA+tcell.Key(name[5]-'A'), 0, tcell.ModCtrl)
	}
	return tcell.NewEventKey(tcell.KeyRune, []rune(name)[0], 0)
}

// record is an audit in memory.
type record struct{ entries []audit.Entry }

// Append implements actions.Recorder.
func (r *record) Append(e audit.Entry) (int64, error) {
	r.entries = append(r.entries, e)
	return int64(len(r.entries)), nil
}

// play is an action whose runs are counted.
type deed struct {
	runs   int
	args   actions.Args
	danger actions.Danger
	refuse string
	reason string        // why its card asks for one
	warns  int           // lines more on its card
	gate   chan struct{} // the run ends when it is closed; nil ends at once
}

// action declares the deed as the end of a session.
func (d *deed) action() actions.Action {
	return actions.Action{
		ID: "pg.terminate", Title: "End session", Verb: "end it", Key: 'K', Danger: d.danger,
		Params: []actions.Param{{Name: "pid", Type: actions.TypePID, Help: "process id"}, {Name: "backend_start", Type: actions.TypeTime, Optional: true}},
		Plan: func(_ context.Context, args actions.Args) (actions.Plan, error) {
			p := actions.Plan{
				Target: args["pid"], Args: args, Refuse: d.refuse, Reason: d.reason,
				Steps: []string{"SELECT pg_terminate_backend(" + args["pid"] + ")"},
				Notes: []actions.Note{{Label: "frees", Text: "38 sessions"}, {Label: "will not", Text: "stop it from coming back"}},
			}
			for range d.warns {
				p.Notes = append(p.Notes, actions.Note{Label: "breaks", Text: "something"})
			}
			return p, nil
		},
		Run: func(ctx context.Context, p actions.Plan, step func(actions.Progress)) (actions.Result, error) {
			step(actions.Progress{Text: "sent", Part: 0.5})
			if d.gate != nil {
				select {
				case <-d.gate:
				case <-ctx.Done():
					return actions.Result{}, errors.New("stopped half way")
				}
			}
			d.runs++
			d.args = p.Args
			return actions.Result{Done: p.Steps, Summary: "ended in 40 ms"}, nil
		},
	}
}

// sceneNamed finds a scene.
func sceneNamed(t *testing.T, name string) scene {
	t.Helper()
	for _, s := range scenes() {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no scene %s", name)
	return scene{}
}

// settle lets goroutines come to rest for a while of the virtual clock.
func settle(d time.Duration) { <-time.After(d) }

// noActions is a runner that can do nothing.
func noActions() *actions.Runner {
	r, _ := actions.NewRunner(actions.Options{Server: "prod", Audit: &record{}}) // no action, so no fault
	return r
}
