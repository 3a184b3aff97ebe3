package alert

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Each crossing is told once, whoever looks and however often; what others
// explain or people silence waits until it speaks for itself.
func TestPages(t *testing.T) {
	began := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	with := func(s State, change ...func(*Alert)) []Alert {
		a := Alert{Rule: "r", State: s, Severity: P2, Since: began}
		for _, c := range change {
			c(&a)
		}
		return []Alert{a}
	}
	acked := func(a *Alert) { a.Acked = &Ack{Who: "ana"} }
	muted := func(a *Alert) { a.Muted = &Mute{Who: "ana"} }
	inhibited := func(a *Alert) { a.Inhibited = true }
	worse := func(a *Alert) { a.Severity = P1 }
	was := func(s State) func(*Alert) { return func(a *Alert) { a.Former = s } }
	tests := []struct {
		name  string
		steps [][]Alert
		want  string
	}{
		{"once", [][]Alert{with(OK), with(Pending), with(Firing), with(Firing), with(Clearing), with(Firing), with(OK)}, "- - trigger - - - resolve"},
		{"again", [][]Alert{with(Firing), with(OK), with(Firing)}, "trigger resolve trigger"},
		{"a program that forgot the last seconds", [][]Alert{with(Firing), with(Pending), with(Firing)}, "trigger - -"},
		{"one that knows nothing yet", [][]Alert{with(Firing), with(Unknown, was(OK)), with(Firing)}, "trigger - -"},
		{"unknown is no end and no beginning", [][]Alert{with(Firing), with(Unknown, was(Firing)), with(Firing), with(OK), with(Unknown, was(Firing))}, "trigger - - resolve -"},
		{"worse", [][]Alert{with(Firing), with(Firing, worse), with(Firing), with(OK)}, "trigger trigger - resolve"},
		{"taken on", [][]Alert{with(Firing), with(Firing, acked), with(Firing, acked), with(Firing), with(Firing, acked)}, "trigger acknowledge - - acknowledge"},
		{"taken on before it fired", [][]Alert{with(Pending, acked), with(Firing, acked), with(OK)}, "- trigger resolve"},
		{"muted", [][]Alert{with(Firing, muted), with(Firing), with(Firing, muted), with(OK, muted)}, "- trigger - resolve"},
		{"muted until it is over", [][]Alert{with(Firing, muted), with(OK)}, "- -"},
		{"explained", [][]Alert{with(Firing, inhibited), with(Firing), with(Firing, inhibited), with(OK)}, "- trigger - resolve"},
		{"gone", [][]Alert{with(Firing), nil, nil, nil, nil}, "trigger - - resolve -"},
		{"gone for a moment", [][]Alert{with(Firing), nil, with(Firing), nil, nil, with(OK)}, "trigger - - - - resolve"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var pages Pages
			var got []string
			for i, alerts := range tt.steps {
				next, news := pages.Next(began.Add(time.Duration(i)*time.Minute), alerts)
				word := "-"
				for _, n := range news {
					word = string(n.Kind)
					if !n.Alert.Since.Equal(began) {
						t.Errorf("%s since %s", word, n.Alert.Since)
					}
				}
				got = append(got, word)
				text, err := json.Marshal(next) // as another program takes it up
				if err != nil {
					t.Fatal(err)
				}
				pages = Pages{}
				if err := json.Unmarshal(text, &pages); err != nil {
					t.Fatal(err)
				}
			}
			if words := strings.Join(got, " "); words != tt.want {
				t.Errorf("got %s, want %s", words, tt.want)
			}
		})
	}
}
