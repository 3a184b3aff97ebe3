package ui

import (
	"strings"
	"testing"
	"time"
)

// typed gives each text to the field that is open.
func typed(s *stage, texts ...string) {
	for _, text := range texts {
		s.write(text)
		s.press("Enter")
	}
}

func TestOpenUnderATitleOfOnesOwn(t *testing.T) {
	for choice, want := range map[string]string{
		"own title":  "open P1 heron cause= book= restricted=false",
		"restricted": "open P1 heron cause= book= restricted=true",
	} {
		duty(t, false, func(s *stage, n *notebook, _ *deed) {
			s.press("I")
			typed(s, choice, "heron", "")
			if got := n.last(t); got != want {
				t.Errorf("%s wrote %q, want %q", choice, got, want)
			}
		})
	}
}

func TestWorkThatRemains(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		s.press("I")
		typed(s, "follow-up", "index", "ben", "soon")
		if got := n.last(t); got != "" {
			t.Errorf("took a day that is none: %q", got)
		}
		s.press("Ctrl-U")
		typed(s, "2026-12-01")
		if got := n.last(t); got != "incident.FollowUp {ID: Text:index Owner:ben Due:2026-12-01 Done:false}" {
			t.Errorf("wrote %q", got)
		}
		s.press("9", "w", "Enter")
		typed(s, "done")
		if got := n.last(t); got != "settle 20261116T020411Z-a-migration f1 (done): lock_timeout for migrations, ben" {
			t.Errorf("wrote %q", got)
		}
		s.press("w", "Enter")
		typed(s, "owner", "a", "2026-12-02")
		if got := n.last(t); got != "settle 20261116T020411Z-a-migration f1 (to do): lock_timeout for migrations, bena, by 2026-12-02" {
			t.Errorf("wrote %q", got)
		}
	})
}

func TestKeepEvidence(t *testing.T) {
	duty(t, true, func(s *stage, n *notebook, _ *deed) {
		s.press("1", "I")
		typed(s, "evidence", "who waits")
		got := n.last(t)
		for _, want := range []string{"keep 20261123T020411Z-38-sessions-wait view.md who waits\n", "sessions of prod at ", "| 4711 ", "verdict of prod at ", "speaks for it"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in what was kept:\n%s", want, got)
			}
		}
		s.press("I")
		typed(s, "evidence file", "/var/log/auth.log", "logins")
		if got := n.last(t); got != "keep 20261123T020411Z-38-sessions-wait /var/log/auth.log logins" {
			t.Errorf("wrote %q", got)
		}
	})
}

// The card says in which incident the action will stand.
func TestTheCardNamesTheIncident(t *testing.T) {
	for open, want := range map[bool]string{true: "audit on this machine; incident P1 38 sessions wait behind", false: "audit on this machine; no incident is open"} {
		duty(t, open, func(s *stage, n *notebook, _ *deed) {
			s.press("K")
			settle(time.Second)
			if got := s.text(); !strings.Contains(got, want) {
				t.Errorf("%q is not on the card:\n%s", want, got)
			}
		})
	}
}
