package ui

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
)

// crowdDeed declares the end of many sessions as a deed; asked gets what it is
// asked for.
func crowdDeed(asked *actions.Args) actions.Action {
	return actions.Action{
		ID: "pg.terminate.all", Title: "End sessions", Verb: "end them", With: "pg.terminate", Danger: actions.Destructive,
		Params: []actions.Param{
			{Name: "app", Type: actions.TypeString, Optional: true},
			{Name: "sessions", Type: actions.TypeSessions, Optional: true},
		},
		Plan: func(_ context.Context, args actions.Args) (actions.Plan, error) {
			*asked = args
			return actions.Plan{Target: "all 3", Args: args, Steps: []string{"SELECT pg_terminate_backend(pid)"}}, nil
		},
		Run: func(context.Context, actions.Plan, func(actions.Progress)) (actions.Result, error) {
			return actions.Result{Summary: "ended 3 of 3 sessions"}, nil
		},
	}
}

// withCrowd plays the lock pile-up with both ways to end sessions.
func withCrowd(t *testing.T, change func(in *In), f func(s *stage, asked *actions.Args)) {
	t.Helper()
	play(t, sceneNamed(t, "lock-pileup"), func(t *testing.T, in In) {
		change(&in)
		var asked actions.Args
		f(onStage(t, in, 120, 36, (&deed{danger: actions.Disruptive}).action(), crowdDeed(&asked)), &asked)
	})
}

func offerCrowd(in *In) {
	in.Suspect = alert.Suspect{
		Summary: "the server is full: app=leaky holds 36", Rule: "db.connections", Level: alert.Critical,
		Action: "pg.terminate.all", Args: map[string]string{"app": "leaky"},
	}
}

// On the overview the key of the verdict is the key of what it offers.
func TestTheVerdictSharesTheKey(t *testing.T) {
	for name, keys := range map[string][]string{"key": {"K"}, "menu": {"a", "Enter"}, "key in the menu": {"a", "K", "Enter"}} {
		t.Run(name, func(t *testing.T) {
			withCrowd(t, offerCrowd, func(s *stage, asked *actions.Args) {
				if got := s.text(); !strings.Contains(got, "K end them") {
					t.Fatalf("no key beside the verdict:\n%s", got)
				}
				s.press(keys...)
				settle(time.Second)
				if got := s.text(); !strings.Contains(got, "End sessions all 3 on prod") || (*asked)["app"] != "leaky" {
					t.Errorf("asked %v\n%s", *asked, got)
				}
			})
		})
	}
}

func TestElsewhereTheKeyEndsOne(t *testing.T) {
	withCrowd(t, offerCrowd, func(s *stage, asked *actions.Args) {
		s.press("1", "K")
		settle(time.Second)
		if got := s.text(); !strings.Contains(got, "End session 4711 on prod") || *asked != nil {
			t.Errorf("asked %v\n%s", *asked, got)
		}
	})
	withCrowd(t, func(*In) {}, func(s *stage, _ *actions.Args) {
		s.press("K")
		settle(time.Second)
		if got := s.text(); !strings.Contains(got, "End session 4711 on prod") {
			t.Errorf("where the verdict offers one:\n%s", got)
		}
	})
}

// The menu offers to end all that a filter shows, with their number; without a
// filter it says how to get there.
func TestEndAllThatAFilterShows(t *testing.T) {
	withCrowd(t, func(*In) {}, func(s *stage, asked *actions.Args) {
		s.press("1", "]", "/")
		s.write("app:api state:waits")
		s.press("Enter", "a")
		if got := s.text(); !strings.Contains(got, "38 sessions shown") {
			t.Fatalf("no number in the menu:\n%s", got)
		}
		s.press("Down", "Enter")
		settle(time.Second)
		synctest.Wait()
		list := strings.Split((*asked)["sessions"], ",")
		if len(list) != 38 || list[0] != "4790@1999-12-31T22:30:00Z" {
			t.Errorf("asked for %d sessions, the first %q", len(list), list[0])
		}
	})
	withCrowd(t, func(*In) {}, func(s *stage, asked *actions.Args) {
		s.press("1", "]", "a")
		s.press("Down", "Enter")
		settle(time.Second)
		if got := s.text(); !strings.Contains(got, "filter the sessions first") || *asked != nil {
			t.Errorf("without a filter: asked %v\n%s", *asked, got)
		}
	})
}
