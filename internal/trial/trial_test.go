package trial

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
)

func load(t *testing.T, text string) alert.Set {
	t.Helper()
	set, err := alert.Load("rules.yaml", []byte("version: 1\nrules:\n"+text), alert.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The shipped rules contradict nothing; the three thresholds of the mission for
// errors are told as what they are.
func TestLint(t *testing.T) {
	shipped := []string{
		"note http.error_rate.high: 2 % of errors use up the budget of 30 days (goal 99.9 %) in 1.5 days: 20 times too fast; under it what still fires is slo.fast and slo.slow",
		"note http.error_rate: 1 % of errors use up the budget of 30 days (goal 99.9 %) in 3 days: 10 times too fast; under it what still fires is slo.slow, slo.fast stays quiet",
	}
	tests := []struct {
		name  string
		rules string
		more  []string // beside those of the shipped ones, in any order
		gone  int      // how many of these are not told any more
	}{
		{name: "as shipped", rules: "  []"},
		{
			name: "no runbook, and one that is not there",
			rules: `  - {id: a, metric: db.tx.longest, fire: "> 10m", clear: "< 5m", severity: P3}
  - {id: host.cpu, runbook: nowhere}`,
			more: []string{"a: names no runbook: who is woken by it does not know what to do", "host.cpu: there is no runbook nowhere"},
		},
		{
			name: "the same twice", rules: `  - {id: cpu, metric: host.cpu, fire: "> 80%", for: 5m, clear: "< 70%", severity: P2, runbook: memory}`,
			more: []string{"cpu (P2, > 80%) and host.cpu (P3, > 80%) fire for the same: one of them says nothing"},
		},
		{
			name: "what is worse fires at less", rules: `  - {id: cpu, metric: host.cpu, fire: "> 60%", clear: "< 50%", for: 1m, severity: P2, runbook: memory}`,
			more: []string{"cpu (P2, > 60%) and host.cpu (P3, > 80%): what is worse fires at less"},
		},
		{
			name: "the same in other units, the other way round", rules: `  - {id: full, metric: host.disk.full_in, fire: "< 300m", for: 1m, clear: "> 9h", severity: P1, runbook: memory}`,
			more: []string{"full (P1, < 300m) and host.disk.full_in (P2, < 4h): what is worse fires at less"},
		},
		{
			name: "two levels that both page", rules: `  - {id: cpu, metric: host.cpu, fire: "> 95%", for: 1m, clear: "< 90%", severity: P2, runbook: memory}`,
			more: []string{"note cpu (P2, > 95%) and host.cpu (P3, > 80%) page twice for one trouble: inhibited_by of the lesser does not name the worse"},
		},
		{
			name: "too high and too low are two things", rules: `  - {id: idle, metric: host.cpu, fire: "< 1%", for: 1h, clear: "> 2%", severity: P2, runbook: memory}`,
		},
		{
			name: "in a circle", rules: `  - {id: host.cpu, inhibited_by: [host.memory]}
  - {id: host.memory, inhibited_by: [host.cpu]}`,
			more: []string{"host.cpu and host.memory explain each other: both are dimmed while both fire"},
		},
		{
			name: "no rule on the burn", rules: `  - {id: slo.slow, inhibited_by: []}
  - {id: slo.fast, off: true}
  - {id: http.p95, min_count: 0}`,
			more: []string{
				"note http.p95: has no min_count: one failed request of two is 50 %",
				"note http.error_rate.high: 2 % of errors use up the budget of 30 days (goal 99.9 %) in 1.5 days: 20 times too fast; under it what still fires is slo.slow",
				"note http.error_rate: 1 % of errors use up the budget of 30 days (goal 99.9 %) in 3 days: 10 times too fast; under it what still fires is slo.slow",
			}, gone: 2,
		},
		{
			name: "1 %, 2 % and 99.9 %", rules: `  - {id: slo.slow, off: true}
  - {id: slo.fast, off: true}
  - {id: http.error_rate, fire: "> 0.1%", clear: "< 0.05%"}`,
			more: []string{
				"http.error_rate.high: 2 % of errors and the goal of 99.9 % contradict: just under it nothing fires, and the budget of 30 days is gone in 1.5 days; a rule on slo.burn is missing",
				"note http.error_rate: fires at 0.1 % of errors, within the goal of 99.9 %: there is nothing to repair",
			}, gone: 2,
		},
		{
			name: "at once both ways", rules: `  - {id: host.cpu, fire: "> 80%", clear: "<= 80%", for: 0s, clear_for: 0s}`,
			more: []string{"note host.cpu: fires at > 80% and clears at <= 80%, both at once: a reading near it flaps"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := append(slices.Clone(shipped[min(tt.gone, len(shipped)):]), tt.more...)
			var got []string
			for _, f := range Lint(load(t, tt.rules), func(id string) bool { return id != "nowhere" }) {
				text := f.String()
				if f.Note {
					text = "note " + text
				}
				got = append(got, text)
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const unitText = `version: 1
tests:
  - name: a peak is no alert, and what lasts is one page
    readings:
      - {metric: db.connections.used, values: "70 85x3 70x9 85x20 60x20"}
    expect:
      - {at: 20s, rule: db.connections, state: pending}
      - {at: 2m, rule: db.connections, state: ok}
      - {at: 3m30s, rule: db.connections, state: firing, severity: P2, inhibited: false, flapping: false}
      - {at: 6m, rule: db.connections, state: clearing}
      - {at: 8m30s, rule: db.connections, state: ok}
    pages: {db.connections: 1, host.cpu: 0}
  - name: unknown clears nothing, a dead source neither
    every: 30s
    readings:
      - {metric: db.connections.used, values: "85x4 ? !x6 60 60"}
    expect:
      - {at: 90s, rule: db.connections, state: firing}
      - {at: 2m, rule: db.connections, state: unknown}
      - {at: 5m, rule: db.connections, state: unknown}
      - {at: 5m30s, rule: db.connections, state: clearing}
  - name: too few requests tell nothing; the server that is down explains the rest
    every: 1m
    readings:
      - {metric: http.error_rate, labels: {app: shop, window: 1m}, count: 10, values: "50x5"}
      - {metric: db.down, values: "0x2 3x3"}
      - {metric: db.locks.waiting, values: "9x5"}
    expect:
      - {at: 4m, rule: http.error_rate, labels: {app: shop, window: 1m}, state: unknown}
      - {at: 4m, rule: db.locks.waiting, state: firing, inhibited: true}
      - {at: 4m, rule: host.cpu, state: ok}
`

func TestUnits(t *testing.T) {
	units, err := Test("t.yaml", []byte(unitText), alert.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		if len(u.Faults) > 0 {
			t.Errorf("%s:\n%s", u.Name, strings.Join(u.Faults, "\n"))
		}
	}
	set := load(t, `  - {id: db.connections, fire: "> 90%"}`)
	units, err = Test("t.yaml", []byte(unitText), set)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"at 20s db.connections is ok, expected pending", "at 3m30s db.connections is ok, expected firing",
		"at 6m0s db.connections is ok, expected clearing", "db.connections pages 0 times, expected 1",
	}
	if diff := cmp.Diff(want, units[0].Faults); diff != "" {
		t.Errorf("another threshold (-want +got):\n%s", diff)
	}
}

// A test file with a slip is refused with the place of the slip.
func TestUnitsAreStrict(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"version: 1", "version: 2", "t.yaml:1:10: version 2: this program reads version 1"},
		{"state: pending", "state: pendig", `t.yaml:7:48: state "pendig"`},
		{"at: 20s", "at: 25s", "t.yaml:7:14: at 25s: readings are at 0s and every 10s up to 8m40s"},
		{"at: 8m30s", "at: 9m", "at 9m0s: readings are at 0s"},
		{"{metric: db.connections.used", "{metric: db.connection.used", `unknown metric "db.connection.used": did you mean "db.connections.used"?`},
		{"rule: db.connections,", "rule: db.conections,", `unknown rule "db.conections": did you mean "db.connections"?`},
		{"host.cpu: 0}", "host.cpux: 0}", `unknown rule "host.cpux"`},
		{"85x3", "85xx", `"85xx": how often stands after the x`},
		{"85x3", "85x99999", "more than 8640 readings"},
		{"85x3", "high", `"high": a number, ?`},
		{"readings:", "reading:", `unknown key "reading"`},
		{"labels: {app: shop", "labels: {ap: shop", `unknown label "ap"`},
		{"every: 30s", "every: -30s", "every is above zero"},
	} {
		text := strings.Replace(unitText, tt.from, tt.to, 1)
		if _, err := Test("t.yaml", []byte(text), alert.Defaults()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.to, err, tt.want)
		}
	}
}

// recording is documents a minute apart, with the use of the connections that
// each letter says: H 85 %, m 72 %, l 10 %, x a source that fails, 0 none at all.
func recording(t *testing.T, letters string, every time.Duration) string {
	t.Helper()
	var out strings.Builder
	at := time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC)
	good := at
	for _, letter := range letters {
		state, fail := "ok", (*string)(nil)
		if letter == 'x' {
			text := "no answer"
			state, fail = "error", &text
		} else {
			good = at
		}
		value := map[rune]float64{'H': 85, 'm': 72, 'l': 10, 'x': 85}[letter]
		doc := map[string]any{
			"version": 1, "target": "prod", "at": at,
			"sources": []any{map[string]any{"name": "pg.connections", "state": state, "at": good, "error": fail}},
			"metrics": []any{
				map[string]any{"name": "db.connections.used", "labels": map[string]any{}, "source": "pg.connections", "value": value, "unit": "%", "count": nil},
				map[string]any{"name": "http.error_rate", "labels": map[string]any{"window": "1m"}, "value": 9, "unit": "%"},
			},
		}
		if letter == '0' {
			doc["metrics"] = []any{}
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s\n", text)
		at = at.Add(every)
	}
	return out.String()
}

// TestReplay: a lower threshold would have paged three times, the shipped one
// pages once; what could not be read is no page and no peace.
func TestReplay(t *testing.T) {
	lower := load(t, `  - {id: db.connections, fire: "> 70%", clear: "< 65%"}`)
	text := recording(t, "llmmmlllHHHHllllmmmmxxxxmlll", time.Minute)
	got, err := Replay(strings.NewReader(text), alert.Defaults(), lower)
	if err != nil {
		t.Fatal(err)
	}
	if got.Target != "prod" || got.Documents != 28 || got.To.Sub(got.From) != 27*time.Minute || got.Longest != time.Minute {
		t.Errorf("got %+v", got)
	}
	minute := func(n int) time.Time { return got.From.Add(time.Duration(n) * time.Minute) }
	page := func(at, over int) Fired {
		return Fired{Rule: "db.connections", Severity: alert.P2, At: minute(at), Over: minute(over)}
	}
	if diff := cmp.Diff([]Fired{page(9, 14)}, got.Outcomes[0].Pages); diff != "" {
		t.Errorf("as it is (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Fired{page(3, 7), page(9, 14), page(17, 27)}, got.Outcomes[1].Pages); diff != "" {
		t.Errorf("with the lower threshold (-want +got):\n%s", diff)
	}
	if unknown := got.Outcomes[0].Unknown["db.connections"]; unknown != 4*time.Minute {
		t.Errorf("unknown for %s, want 4m", unknown)
	}
}

// A recording that was cut off is replayed as far as it is whole, and says so.
func TestReplayOfACutOffRecording(t *testing.T) {
	whole := recording(t, "lll", time.Minute)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err1 := io.WriteString(w, whole)
	if err := errors.Join(err1, w.Flush(), w.Close()); err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed.Bytes()[:packed.Len()-6])) // within the check sum
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		in        io.Reader
		documents int
		cut       bool
	}{
		"whole":             {strings.NewReader(whole), 3, false},
		"within a document": {strings.NewReader(whole[:len(whole)-20]), 2, true},
		"packed":            {unpacked, 3, true},
	} {
		got, err := Replay(tt.in, alert.Defaults())
		if err != nil || got.Documents != tt.documents || got.CutOff != tt.cut || len(got.Outcomes) != 1 {
			t.Errorf("%s: %d documents, cut off %v, %v", name, got.Documents, got.CutOff, err)
		}
	}
}

func TestReplayRefuses(t *testing.T) {
	good := recording(t, "l", time.Minute)
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "there is no document in it"},
		{"no JSON", good + "}", "document 2: invalid character"},
		{"nothing whole", good[:len(good)/2], "document 1: unexpected EOF"},
		{"another version", strings.Replace(good, `"version":1`, `"version":9`, 1), "document 1 has version 9"},
		{"no status", `{"version":1}`, "document 1 has no time"},
		{"out of order", recording(t, "ll", -time.Minute), "they have to be in order"},
		{"another target", good + strings.ReplaceAll(recording(t, "l", 0), `"prod"`, `"test"`), "document 2 is of test, those before of prod"},
	} {
		if _, err := Replay(strings.NewReader(tt.text), alert.Defaults()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}
