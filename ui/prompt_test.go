package ui

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"tocsin/actions"
)

// fence declares a change that lasts for a while; got gets what it is asked for.
func fence(got *actions.Args) actions.Action {
	return actions.Action{
		ID: "firewall.block", Title: "Block address", Verb: "block it", Danger: actions.Disruptive,
		Params: []actions.Param{
			{Name: "ip", Type: actions.TypeNetwork, Help: "the address"},
			{Name: "id", Type: actions.TypeString, Optional: true, Help: "never asked for"},
			{Name: "for", Type: actions.TypeSpan, Optional: true, Ask: true, Help: "24h unless given"},
		},
		Plan: func(_ context.Context, args actions.Args) (actions.Plan, error) {
			*got = args
			return actions.Plan{Target: args["ip"], Args: args, Steps: []string{"deny " + args["ip"]}}, nil
		},
		Run: func(context.Context, actions.Plan, func(actions.Progress)) (actions.Result, error) {
			return actions.Result{Summary: "kept out"}, nil
		},
	}
}

// A form asks for what is needed and then for what is worth asking; Enter alone
// leaves the latter out.
func TestAFormAsksAlsoForWhatIsOptional(t *testing.T) {
	for typed, want := range map[string]actions.Args{
		"90m": {"ip": "203.0.113.7", "for": "90m"},
		"":    {"ip": "203.0.113.7"},
	} {
		t.Run(typed, func(t *testing.T) {
			play(t, sceneNamed(t, "calm"), func(t *testing.T, in In) {
				var got actions.Args
				s := onStage(t, in, 120, 36, fence(&got))
				s.press(":")
				s.write("firewall.block")
				s.press("Enter", "Enter")
				s.sees("ip is needed")
				s.write("203.0.113.7")
				s.press("Enter")
				s.sees("for: 24h unless given")
				s.write("tomorrow")
				s.press("Enter")
				s.sees("it is not a span")
				s.press("Ctrl-U")
				s.write(typed)
				s.press("Enter")
				synctest.Wait()
				s.sees("Block address 203.0.113.7 on prod")
				s.press("Esc")
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("asked for (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A form does not ask for what says nothing beside the answers before it.
func TestAFormLeavesOutWhatDoesNotApply(t *testing.T) {
	for mode, want := range map[string]actions.Args{"on": {"ip": "on", "for": "30m"}, "off": {"ip": "off"}} {
		play(t, sceneNamed(t, "calm"), func(t *testing.T, in In) {
			var got actions.Args
			act := fence(&got)
			act.Params[0].Type, act.Params[2].Only = actions.TypeSwitch, actions.Args{"ip": "on"}
			s := onStage(t, in, 120, 36, act)
			s.press(":")
			s.write("firewall.block")
			s.press("Enter")
			s.write(mode)
			s.press("Enter")
			if mode == "on" {
				s.sees("for: 24h unless given")
				s.write("30m")
				s.press("Enter")
			}
			synctest.Wait()
			s.sees("Block address " + mode + " on prod")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			s.press("Esc")
		})
	}
}

// The menu begins with what fits the selection, and then with what is of the
// view that is looked at.
func TestTheMenuBeginsWithWhatIsNear(t *testing.T) {
	play(t, sceneNamed(t, "calm"), func(t *testing.T, in In) {
		var got actions.Args
		s := onStage(t, in, 120, 36, (&deed{danger: actions.Disruptive}).action(), fence(&got))
		for _, tt := range []struct {
			keys  []string
			first string
		}{{[]string{"5", "]", "]"}, "Block address"}, {[]string{"7"}, "End session"}} {
			s.press(append(tt.keys, "a")...)
			first := s.over[0].(*picker).items[0].text
			if first != tt.first {
				t.Errorf("after %q the menu begins with %q, want %q", tt.keys, first, tt.first)
			}
			s.press("Esc")
		}
	})
}
