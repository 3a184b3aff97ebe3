package alert

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// gauge is a snapshot of one number per label.
type gauge map[string]model.Fact

func (g gauge) Facts() []model.Fact {
	var facts []model.Fact
	for _, of := range []string{"", "a", "b"} {
		if f, ok := g[of]; ok {
			facts = append(facts, f)
		}
	}
	return facts
}

func gaugeKey() store.Key[gauge] { return store.Key[gauge]{Name: "pg.gauge", Version: 1} }

// reading makes a gauge of one series.
func reading(value float64) gauge {
	f := model.Known("load", value, model.Percent, nil)
	f.Count = 100
	return gauge{"": f}
}

// rule is over above 80 for 20 s and clear below 70 for 30 s.
func testRule() Rule {
	return Rule{
		ID: "r", Metric: "load", Fire: above(80, "%"), For: 20 * time.Second,
		Clear: below(70, "%"), ClearFor: 30 * time.Second, Severity: P2, MinCount: 10,
	}
}

func testSet(rules ...Rule) Set { return Set{Every: 5 * time.Second, StaleAfter: 3, Rules: rules} }

func TestStates(t *testing.T) {
	// Each letter is one step of ten seconds: H over, m between, l under the
	// clear threshold, ? too few requests, x a failed source whose value has
	// grown old, - the series gone while its source is good, 0 no source,
	// u a source that nobody configured.
	// The answers: . ok, p pending, F firing, c clearing, and the same in
	// brackets while unknown.
	tests := []struct {
		name     string
		readings string
		want     string
	}{
		{name: "in order", readings: "lmll", want: "...."},
		{name: "pending, then firing after for", readings: "HHHH", want: "ppFF"},
		{name: "a peak is no alert", readings: "HHlHl", want: "pp.p."},
		{name: "between thresholds does not keep it pending", readings: "Hm", want: "p."},
		{name: "between thresholds keeps it firing", readings: "HHHmmmm", want: "ppFFFFF"},
		{name: "clears after clear_for", readings: "HHHlllll", want: "ppFccc.."},
		{name: "flaps while clearing", readings: "HHHllHlllll", want: "ppFccFccc.."},
		{name: "between ends the clearing", readings: "HHHllmllll", want: "ppFccFccc."},
		{name: "too few keeps it pending, unknown", readings: "H?HH", want: "p[p]pp"},
		{name: "unknown clears nothing", readings: "HHH????H", want: "ppF[F][F][F][F]F"},
		{name: "unknown does not count for for", readings: "HH???HH", want: "pp[p][p][p]pF"},
		{name: "unknown does not count for clear_for", readings: "HHHll????l", want: "ppFcc[c][c][c][c]c"},
		{name: "unknown from the start", readings: "??l", want: "[.][.]."},
		{name: "back below after unknown", readings: "HHH??llll", want: "ppF[F][F]ccc."},
		{name: "source too old", readings: "HHHxxxl", want: "ppF[F][F][F]c"},
		{name: "vanished while the source is good", readings: "HHH-----", want: "ppFccc.."},
		{name: "vanished while pending", readings: "H-", want: "p."},
		{name: "vanished while the source is bad", readings: "HHHxxx----", want: "ppF[F][F][F]ccc."},
		{name: "source no longer there", readings: "HHH00000", want: "ppFccc.."},
		{name: "source no longer configured", readings: "HHHuuuuu", want: "ppFccc.."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, e := newWorld(), New(testSet(testRule()))
			var got strings.Builder
			for _, letter := range tt.readings {
				w.now = w.now.Add(10 * time.Second)
				show(w, letter)
				got.WriteString(letterOf(e.Step(w)))
			}
			if got.String() != tt.want {
				t.Errorf("got %s, want %s for %s", got.String(), tt.want, tt.readings)
			}
		})
	}
}

// show makes the world look as the letter says.
func show(w *world, letter rune) {
	switch letter {
	case 'H':
		put(w, gaugeKey(), reading(90))
	case 'm':
		put(w, gaugeKey(), reading(75))
	case 'l':
		put(w, gaugeKey(), reading(10))
	case '?':
		few := reading(99)
		f := few[""]
		f.Count = 3
		put(w, gaugeKey(), gauge{"": f})
	case '-':
		put(w, gaugeKey(), gauge{})
	case 'x':
		fail(w, gaugeKey(), model.Fail{Class: model.Broken, Text: "no answer"})
		w.sources[0].At = w.now.Add(-20 * time.Second)
	case 'u':
		w.set(store.Status{Name: gaugeKey().Name, State: store.Unconfigured, Fail: &model.Fail{Class: model.Unconfigured, Text: "not configured"}})
	case '0':
		w.remove(gaugeKey().Name)
	}
}

func letterOf(alerts []Alert) string {
	letters := map[State]string{OK: ".", Pending: "p", Firing: "F", Clearing: "c"}
	switch {
	case len(alerts) == 0:
		return "."
	case alerts[0].State == Unknown:
		return "[" + letters[alerts[0].Former] + "]"
	default:
		return letters[alerts[0].State]
	}
}

func TestForZeroFiresAtOnce(t *testing.T) {
	rule := testRule()
	rule.For, rule.ClearFor = 0, 0
	w, e := newWorld(), New(testSet(rule))
	var got strings.Builder
	for _, letter := range "HlH" {
		w.now = w.now.Add(time.Second)
		show(w, letter)
		got.WriteString(letterOf(e.Step(w)))
	}
	if want := "F.F"; got.String() != want {
		t.Errorf("got %s, want %s", got.String(), want)
	}
}

func TestOnUnknownFire(t *testing.T) {
	rule := testRule()
	rule.OnUnknown = Fire
	w, e := newWorld(), New(testSet(rule))
	for range 3 {
		w.now = w.now.Add(10 * time.Second)
		show(w, '?')
		e.Step(w)
	}
	got := e.Current()[0]
	if got.State != Firing || got.Known || got.Why != "3 in the window, 10 are needed to tell" {
		t.Errorf("got %s, known %t, %q", got.State, got.Known, got.Why)
	}
}

func TestClockSteps(t *testing.T) {
	tests := []struct {
		name  string
		steps []time.Duration // of the clock before each reading over the threshold
		want  string
	}{
		{name: "even", steps: []time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second}, want: "ppF"},
		{name: "back an hour", steps: []time.Duration{10 * time.Second, -time.Hour, 10 * time.Second, 10 * time.Second}, want: "pppF"},
		{name: "the gap between one-shot runs counts", steps: []time.Duration{time.Second, 5 * time.Minute}, want: "pF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, e := newWorld(), New(testSet(testRule()))
			var got strings.Builder
			for _, step := range tt.steps {
				w.now = w.now.Add(step)
				show(w, 'H')
				alerts := e.Step(w)
				got.WriteString(letterOf(alerts))
				if alerts[0].Since.After(w.now) || alerts[0].Age(w.now) < 0 {
					t.Errorf("since %s is after now %s", alerts[0].Since, w.now)
				}
			}
			if got.String() != tt.want {
				t.Errorf("got %s, want %s", got.String(), tt.want)
			}
		})
	}
}

func TestRestartNeitherFiresAgainNorForgets(t *testing.T) {
	w, e := newWorld(), New(testSet(testRule()))
	show(w, 'H')
	began := w.now
	e.Step(w)
	for i, want := range []State{Pending, Firing, Firing, Clearing} {
		data, err := e.Export()
		if err != nil {
			t.Fatal(err)
		}
		e = New(testSet(testRule()))
		if err := e.Import(data); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(12 * time.Second)
		show(w, map[State]rune{Pending: 'H', Firing: 'H', Clearing: 'l'}[want])
		got := e.Step(w)[0]
		if got.State != want || !got.Since.Equal(began) {
			t.Errorf("restart %d: got %s since %s, want %s since %s", i, got.State, got.Since, want, began)
		}
	}
}

func TestImportBeforeTheFirstReading(t *testing.T) {
	w, e := newWorld(), New(testSet(testRule()))
	for range 3 {
		w.now = w.now.Add(10 * time.Second)
		show(w, 'H')
		e.Step(w)
	}
	if err := e.Ack("r", Ack{Who: "ana", Why: "on it", At: w.now}); err != nil {
		t.Fatal(err)
	}
	data, err := e.Export()
	if err != nil {
		t.Fatal(err)
	}
	later := New(testSet(testRule()))
	if err := later.Import(data); err != nil {
		t.Fatal(err)
	}
	if got := pick(t, later.Current(), "r"); got.State != Firing || got.Acked == nil || got.Acked.Who != "ana" {
		t.Errorf("after the import: got %s, acked %v", got.State, got.Acked)
	}
	w.set(store.Status{Name: gaugeKey().Name, Group: "postgres", Every: 5 * time.Second, State: store.Pending})
	if got := pick(t, later.Step(w), "r"); got.State != Unknown || got.Former != Firing || got.Why != "not read yet" || got.Severity != P2 {
		t.Errorf("before the first reading: got %s after %s: %s", got.State, got.Former, got.Why)
	}
}

func TestImportRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, text := range []string{"", "{", `{"version":2}`} {
		if err := New(testSet(testRule())).Import([]byte(text)); err == nil {
			t.Errorf("import of %q: got no error", text)
		}
	}
	e := New(testSet(testRule()))
	text := `{"version":1,"series":[{"rule":"gone","state":"firing"}]}`
	if err := e.Import([]byte(text)); err != nil || len(e.Current()) != 0 {
		t.Errorf("a rule that is gone: got %v and %d alerts", err, len(e.Current()))
	}
}

func TestSeriesAreApart(t *testing.T) {
	w, e := newWorld(), New(testSet(testRule()))
	labelled := func(of string, value float64) model.Fact {
		f := model.Known("load", value, model.Percent, model.Labels{"of": of})
		f.Count = 100
		return f
	}
	put(w, gaugeKey(), gauge{"a": labelled("a", 10), "b": labelled("b", 90)})
	alerts := e.Step(w)
	if got := pick(t, alerts, "r{of=a}"); got.State != OK || got.Subject() != "a" {
		t.Errorf("a: got %s, %q", got.State, got.Subject())
	}
	if got := pick(t, alerts, "r{of=b}"); got.State != Pending || got.Text() != "90 %" {
		t.Errorf("b: got %s, %q", got.State, got.Text())
	}
	if alerts[0].Labels["of"] != "b" {
		t.Error("trouble does not come first")
	}
}

func TestAckAndMute(t *testing.T) {
	w, e := newWorld(), New(testSet(testRule()))
	step := func(letters string) Alert {
		t.Helper()
		for _, letter := range letters {
			w.now = w.now.Add(10 * time.Second)
			show(w, letter)
			e.Step(w)
		}
		return pick(t, e.Current(), "r")
	}
	ack := Ack{Who: "ana", Why: "looking"}
	step("l")
	if err := e.Ack("r", ack); err == nil {
		t.Error("an alert in order could be acknowledged")
	}
	if err := e.Ack("nope", ack); err == nil {
		t.Error("an alert that does not exist could be acknowledged")
	}
	step("HHH")
	if err := e.Ack("r", ack); err != nil {
		t.Fatal(err)
	}
	if got := pick(t, e.Current(), "r"); got.Acked == nil || *got.Acked != ack {
		t.Errorf("got %v at once after the acknowledgement, want it", got.Acked)
	}
	if got := step("llm"); got.Acked == nil {
		t.Error("the acknowledgement dropped although nothing got worse")
	}
	if got := step("lH"); got.Acked != nil {
		t.Error("the acknowledgement is still there after it fired again")
	}
	for _, bad := range []Mute{{Why: "noise", Until: w.now.Add(25 * time.Hour)}, {Why: "noise", Until: w.now}, {Until: w.now.Add(time.Hour)}} {
		if err := e.Mute("r", bad); err == nil {
			t.Errorf("mute %+v: got no error", bad)
		}
	}
	if err := e.Mute("r", Mute{Who: "ana", Why: "noise", Until: w.now.Add(25 * time.Second)}); err != nil {
		t.Fatal(err)
	}
	if got := step("H"); got.Muted == nil || got.State != Firing {
		t.Error("a muted alert does not stay as it is")
	}
	if got := step("HH"); got.Muted != nil {
		t.Error("the silence outlasts its end")
	}
}

// Two programs that watch one target keep their state in one file: what people
// said in one must not be lost by the other, nor come back.
func TestMerge(t *testing.T) {
	w, one, other := newWorld(), New(testSet(testRule())), New(testSet(testRule()))
	pass := func(from, to *Engine) Alert {
		t.Helper()
		w.now = w.now.Add(10 * time.Second)
		data, err := from.Export()
		if err == nil {
			err = to.Merge(data)
		}
		if err != nil {
			t.Fatal(err)
		}
		return pick(t, to.Current(), "r")
	}
	show(w, 'H')
	one.Step(w)
	other.Step(w)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(one.Ack("r", Ack{Who: "ana", At: w.now}))
	must(one.Mute("r", Mute{Who: "ana", Why: "noise", At: w.now, Until: w.now.Add(time.Hour)}))
	if got := pass(other, one); got.Acked == nil || got.Muted == nil {
		t.Errorf("who said nothing took back: acked %v, muted %v", got.Acked, got.Muted)
	}
	if got := pass(one, other); got.Acked == nil || got.Muted == nil {
		t.Errorf("not heard: acked %v, muted %v", got.Acked, got.Muted)
	}
	must(other.Unack("r", w.now))
	must(other.Unmute("r", w.now))
	if got := pass(one, other); got.Acked != nil || got.Muted != nil {
		t.Errorf("came back: acked %v, muted %v", got.Acked, got.Muted)
	}
	if got := pass(other, one); got.Acked != nil || got.Muted != nil {
		t.Errorf("not taken back: acked %v, muted %v", got.Acked, got.Muted)
	}
	if got := pick(t, one.Current(), "r"); got.State != Pending && got.State != Firing {
		t.Errorf("the state is %s, want its own", got.State)
	}
}

func TestAckDropsWhenTheSeverityRises(t *testing.T) {
	w, e := newWorld(), New(testSet(testRule()))
	show(w, 'H')
	e.Step(w)
	if err := e.Ack("r", Ack{Who: "ana"}); err != nil {
		t.Fatal(err)
	}
	data, err := e.Export()
	if err != nil {
		t.Fatal(err)
	}
	worse := testRule()
	worse.Severity = P1
	e = New(testSet(worse))
	if err := e.Import(data); err != nil {
		t.Fatal(err)
	}
	if got := e.Step(w)[0]; got.Acked != nil || got.Severity != P1 {
		t.Errorf("got %v at %s, want no acknowledgement", got.Acked, got.Severity)
	}
}

func TestOrder(t *testing.T) {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	want := []Alert{
		{Rule: "unknown P0", Severity: P0, State: Unknown, Former: Firing, Since: now},
		{Rule: "old P1", Severity: P1, State: Firing, Since: now.Add(-time.Hour)},
		{Rule: "new P1", Severity: P1, State: Firing, Since: now},
		{Rule: "pending P1", Severity: P1, State: Pending, Since: now.Add(-2 * time.Hour)},
		{Rule: "clearing P1", Severity: P1, State: Clearing, Since: now},
		{Rule: "firing P3", Severity: P3, State: Firing, Since: now},
		{Rule: "never known", Severity: P0, State: Unknown, Former: OK},
		{Rule: "fine a", Severity: P3, State: OK},
		{Rule: "fine b", Severity: P0, State: OK},
	}
	for i, a := range want {
		for j, b := range want {
			if got := compare(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s against %s: got %d", a.Rule, b.Rule, got)
			}
		}
	}
}

func TestServerDownMakesTheRestUnknown(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	sessions := []model.Session{}
	for i := range 9 {
		sessions = append(sessions, model.Session{PID: i + 1, Type: "client backend", WaitType: "Lock"})
	}
	put(w, store.ConnectionsKey(), model.Connections{Max: 100, Clients: 90})
	put(w, store.ActivityKey(), model.Activity{Sessions: sessions})
	put(w, store.HostKey(), model.Host{MemTotal: 10, MemFree: 9})
	e.Step(w)
	w.now = w.now.Add(20 * time.Second)
	put(w, store.ConnectionsKey(), model.Connections{Max: 100, Clients: 90})
	put(w, store.ActivityKey(), model.Activity{Sessions: sessions})
	if got := pick(t, e.Step(w), "db.locks.waiting"); got.State != Firing {
		t.Fatalf("got %s, want it to fire", got.State)
	}
	w.now = w.now.Add(3 * time.Second)
	put(w, store.HostKey(), model.Host{MemTotal: 10, MemFree: 9})
	refused := model.Fail{Class: model.Down, Text: "connect to db: connection refused", Attempts: 3, Since: w.now}
	fail(w, store.ConnectionsKey(), refused)
	fail(w, store.ActivityKey(), refused)
	alerts := e.Step(w)
	if alerts[0].Rule != "db.down" || alerts[0].State != Firing || alerts[0].Level() != Critical {
		t.Errorf("first: got %s %s", alerts[0].Rule, alerts[0].State)
	}
	locks := pick(t, alerts, "db.locks.waiting")
	if locks.State != Unknown || locks.Former != Firing || locks.Why != refused.Text || !locks.Inhibited || locks.Severity != P1 {
		t.Errorf("locks: got %s after %s, inhibited %t: %s", locks.State, locks.Former, locks.Inhibited, locks.Why)
	}
	if got := pick(t, alerts, "db.connections"); got.State != Unknown || got.Former != Pending {
		t.Errorf("connections: got %s after %s", got.State, got.Former)
	}
	if got := pick(t, alerts, "host.memory"); got.State != OK {
		t.Errorf("host: got %s: %s", got.State, got.Why)
	}
	w.now = w.now.Add(time.Minute)
	fail(w, store.ConnectionsKey(), refused)
	if got := pick(t, e.Step(w), "db.down"); got.State != Firing {
		t.Errorf("a minute later: got db.down %s: %s", got.State, got.Why)
	}
	put(w, store.ConnectionsKey(), model.Connections{Max: 100, Clients: 9})
	put(w, store.ActivityKey(), model.Activity{})
	alerts = e.Step(w)
	if got := pick(t, alerts, "db.down"); got.State != OK {
		t.Errorf("after one good read: got db.down %s", got.State)
	}
	if got := pick(t, alerts, "db.locks.waiting"); got.State != Clearing || got.Inhibited {
		t.Errorf("after one good read: got locks %s", got.State)
	}
}

func TestASourceThatNeverAnsweredIsUnknown(t *testing.T) {
	w, e := newWorld(), New(Defaults())
	fail(w, store.ActivityKey(), model.Fail{Class: model.Denied, Text: "permission denied"})
	got := pick(t, e.Step(w), "db.locks.waiting")
	if got.State != Unknown || got.Former != OK || got.Why != "permission denied" || got.Trouble() {
		t.Errorf("got %s after %s: %s", got.State, got.Former, got.Why)
	}
	for _, a := range e.Current() {
		if a.Rule == "host.cpu" {
			t.Error("a rule whose source is not configured has an alert")
		}
	}
	put(w, store.ActivityKey(), model.Activity{})
	if got := pick(t, e.Step(w), "db.locks.waiting"); got.State != OK {
		t.Errorf("after the first reading: got %s", got.State)
	}
}

func TestInhibition(t *testing.T) {
	set := Set{Rules: []Rule{{ID: "a"}, {ID: "b", InhibitedBy: []string{"a"}}}}
	tests := []struct {
		name string
		by   Alert
		of   Alert
		want bool
	}{
		{name: "firing", by: Alert{Rule: "a", State: Firing}, of: Alert{Rule: "b", State: Firing}, want: true},
		{name: "unknown after firing", by: Alert{Rule: "a", State: Unknown, Former: Firing}, of: Alert{Rule: "b", State: Pending}, want: true},
		{name: "pending explains nothing", by: Alert{Rule: "a", State: Pending}, of: Alert{Rule: "b", State: Firing}},
		{name: "in order", by: Alert{Rule: "a", State: Firing}, of: Alert{Rule: "b", State: OK}},
		{name: "the other way round", by: Alert{Rule: "b", State: Firing}, of: Alert{Rule: "a", State: Firing}},
		{
			name: "another table", by: Alert{Rule: "a", State: Firing, Labels: model.Labels{"table": "x"}},
			of: Alert{Rule: "b", State: Firing, Labels: model.Labels{"table": "y"}},
		},
		{
			name: "another window of the same app", want: true,
			by: Alert{Rule: "a", State: Firing, Labels: model.Labels{"app": "x", "window": "1m"}},
			of: Alert{Rule: "b", State: Firing, Labels: model.Labels{"app": "x", "window": "5m"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			alerts := []Alert{tt.by, tt.of}
			inhibit(alerts, set)
			if got := alerts[1].Inhibited; got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestThreshold(t *testing.T) {
	tests := []struct {
		text    string
		value   float64
		unit    model.Unit
		want    bool
		string  string
		wantErr bool
	}{
		{text: "> 1%", value: 1.01, unit: model.Percent, want: true, string: "> 1%"},
		{text: ">1%", value: 1, unit: model.Percent, string: "> 1%"},
		{text: ">= 3", value: 3, want: true, string: ">= 3"},
		{text: "< 4h", value: 3.9, unit: model.Hours, want: true, string: "< 4h"},
		{text: "< 240m", value: 3.9, unit: model.Hours, want: true, string: "< 240m"},
		{text: "> 5000ms", value: 5.1, unit: model.Seconds, want: true, string: "> 5000ms"},
		{text: "> 5s", value: 4999, unit: model.Millis, string: "> 5s"},
		{text: "> 64MiB", value: 64<<20 + 1, unit: model.Bytes, want: true, string: "> 64MiB"},
		{text: "<= 0", value: 0, unit: model.Seconds, want: true, string: "<= 0"},
		{text: "== 1", value: 1, want: true, string: "== 1"},
		{text: "!= 1", value: 1, string: "!= 1"},
		{text: "> 1.5 %", value: 1.6, unit: model.Percent, want: true, string: "> 1.5%"},
		{text: "> 1%", unit: model.Millis, string: "> 1%", wantErr: true},
		{text: "> 1h", unit: model.Bytes, string: "> 1h", wantErr: true},
		{text: "1%", wantErr: true},
		{text: "> one", wantErr: true},
		{text: "> 1 parsec", wantErr: true},
		{text: "", wantErr: true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			threshold, err := ParseThreshold(tt.text)
			got := false
			if err == nil {
				if threshold.String() != tt.string {
					t.Errorf("got %q, want %q", threshold, tt.string)
				}
				got, err = threshold.Holds(tt.value, tt.unit)
			}
			if (err != nil) != tt.wantErr || got != tt.want {
				t.Errorf("got %t, %v; want %t, error %t", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestOppositeIsTrueWhereTheThresholdIsNot(t *testing.T) {
	for _, text := range []string{"> 1", ">= 1", "< 1", "<= 1", "== 1", "!= 1"} {
		threshold, err := ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []float64{0, 1, 2} {
			a, _ := threshold.Holds(value, model.None)
			b, _ := threshold.opposite().Holds(value, model.None)
			if a == b {
				t.Errorf("%s and %s agree on %v", threshold, threshold.opposite(), value)
			}
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	tests := []struct {
		value float64
		unit  model.Unit
		want  string
	}{
		{38, model.None, "38"}, {12, model.Percent, "12 %"}, {12.345, model.Percent, "12.3 %"},
		{0.4321, model.Percent, "0.43 %"}, {210, model.Millis, "210 ms"}, {4830, model.Millis, "4.8 s"},
		{1000, model.Millis, "1 s"}, {372, model.Seconds, "6m12s"}, {0, model.Seconds, "0 s"},
		{3.9, model.Hours, "3 h"}, {72, model.Hours, "3 d"}, {412.4, model.PerSecond, "412 /s"},
		{43515904, model.Bytes, "41.5 MiB"}, {2048, model.BytesPerS, "2 KiB/s"},
	}
	for _, tt := range tests {
		if got := number(tt.value, tt.unit); got != tt.want {
			t.Errorf("%v %q: got %q, want %q", tt.value, tt.unit, got, tt.want)
		}
	}
}

func TestEveryShippedRuleFitsItsMetric(t *testing.T) {
	seen := map[string]bool{}
	set, metrics := Defaults(), newCatalogue()
	for _, r := range set.Rules {
		if seen[r.ID] {
			t.Errorf("%s: twice", r.ID)
		}
		seen[r.ID] = true
		if errs := faults(r, set, metrics); len(errs) > 0 {
			t.Errorf("%s: %v", r.ID, errs)
		}
		if r.Runbook == "" || r.Group == "" {
			t.Errorf("%s: no runbook or no group", r.ID)
		}
	}
}
