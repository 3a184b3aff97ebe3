package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/config"
	"tocsin/internal/incident"
	"tocsin/internal/model"
	"tocsin/internal/runbook"
	"tocsin/internal/store"
)

// chronicled is a chronicle over an incident that is open.
func chronicled(t *testing.T, began time.Time) (c *chronicle, id string) {
	t.Helper()
	dir := t.TempDir()
	p := &program{target: config.Target{Name: "prod"}, incidents: incidentsOf(dir, nil), lead: &lead{path: filepath.Join(dir, leadLock)}}
	p.incidents.Now = func() time.Time { return began }
	id, err := p.incidents.Open(incident.Opened{Title: "slow", Severity: "P2", Target: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	c = newChronicle(p)
	c.read()
	if c.open() == nil {
		t.Fatal("the incident is not found")
	}
	return c, id
}

func says(c *chronicle) []string {
	var out []string
	for _, e := range c.open().Events[1:] {
		out = append(out, e.Says())
	}
	return out
}

// Alerts are written as they turn, once however many watch.
func TestAlertsGoIntoTheTimeline(t *testing.T) {
	t.Parallel()
	c, _ := chronicled(t, time.Now())
	other := newChronicle(c.p)
	other.read()
	slow := alert.Alert{Rule: "http.p95", Labels: model.Labels{"app": "shop"}, State: alert.Firing, Severity: alert.P2, Reading: alert.Reading{Value: 1400, Unit: model.Millis, Known: true}}
	calm := alert.Alert{Rule: "db.down", State: alert.OK}
	pending := alert.Alert{Rule: "host.cpu", State: alert.Pending}
	turn := func(a alert.Alert) {
		for _, one := range []*chronicle{c, other, c} {
			one.see([]alert.Alert{a, calm, pending})
			one.read()
		}
	}
	turn(slow)
	slow.State = alert.Clearing
	turn(slow)
	slow.State, slow.Former, slow.Known, slow.Why = alert.Unknown, alert.Clearing, false, "refused"
	turn(slow)
	slow.State, slow.Former = alert.OK, ""
	turn(slow)
	want := []string{"http.p95 app=shop firing: 1.4 s ()", "http.p95 app=shop unknown: refused", "http.p95 app=shop ok: refused"}
	if diff := cmp.Diff(want, says(c)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

// What an alert is about may be gone: then it does not fire any more. One that
// was not seen here is not read yet.
func TestWhatIsGoneDoesNotFire(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now())
	gone := alert.Alert{Rule: "db.dead_tuples", Labels: model.Labels{"table": "public.old"}, State: alert.Firing, Severity: alert.P3}
	other := alert.Alert{Rule: "host.cpu", State: alert.Firing, Severity: alert.P2}
	for _, a := range []alert.Alert{gone, other} {
		if _, err := c.incidents.Append(id, incident.AlertSeen{Rule: a.Rule, Labels: a.Labels, State: string(a.State), Severity: string(a.Severity)}); err != nil {
			t.Fatal(err)
		}
	}
	c.read()
	c.see(c.news([]alert.Alert{gone}))
	for range 2 {
		c.see(c.news(nil))
	}
	want := []string{"db.dead_tuples table=public.old firing", "host.cpu firing", "db.dead_tuples table=public.old ok: no longer there"}
	if diff := cmp.Diff(want, says(c)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

// What was done comes from the audit, so that nobody's work is missing, also
// not after a crash.
func TestActionsGoIntoTheTimeline(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c, _ := chronicled(t, now)
	at := audit.Time{Time: now.Add(time.Second)}
	before, after := 40.0, 2.0
	entries := []audit.Entry{
		{Phase: audit.Result, ID: "0", At: audit.Time{Time: now.Add(-time.Second)}, Target: "prod", Action: "pg.vacuum", Outcome: "ok"},
		{Phase: audit.Intent, ID: "1", At: at, Target: "prod", Action: "pg.vacuum", Params: map[string]any{"table": "public.orders"}, Who: &audit.Who{User: "ben"}, Reason: "bloat"},
		{Phase: audit.Result, ID: "1", At: at, Target: "prod", Action: "pg.vacuum", Outcome: "ok"},
		{Phase: audit.Effect, ID: "1", At: at, Target: "prod", Verdict: "helped", Effects: []audit.Change{{Metric: "db.dead_tuples.pct", Unit: model.Percent, Before: &before, After: &after}}},
		{Phase: audit.Intent, ID: "2", At: at, Target: "other", Action: "pg.vacuum"},
		{Phase: audit.Result, ID: "2", At: at, Target: "other", Action: "pg.vacuum", Outcome: "ok"},
		{Phase: audit.Result, ID: "3", At: at, Target: "prod", Action: "pg.cancel", Outcome: "cancelled"},
	}
	for range 2 {
		if err := c.acted(audit.Calls(entries)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"pg.vacuum table=public.orders: ok: bloat", "pg.vacuum helped: db.dead_tuples.pct 40 % to 2 %"}
	if diff := cmp.Diff(want, says(c)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	if got := c.open().Actions[0].Is; got.By != "ben" || !got.At.Equal(at.Time) {
		t.Errorf("action %+v", got)
	}
}

// What was begun when its program was killed is in the timeline, once it is
// known that nobody will tell how it ended, and again when somebody does.
func TestWhatWasKilledGoesIntoTheTimeline(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c, _ := chronicled(t, now)
	host, _ := os.Hostname()
	intent := audit.Entry{Phase: audit.Intent, ID: "1", At: audit.Time{Time: now.Add(time.Second)}, Target: "prod", Action: "deploy.rollback", Host: host, PID: os.Getpid()}
	tell := func(entries ...audit.Entry) string {
		if err := c.acted(audit.Calls(entries)); err != nil {
			t.Fatal(err)
		}
		return strings.Join(says(c), "|")
	}
	if got := tell(intent); got != "" {
		t.Errorf("while it runs: %s", got)
	}
	intent.PID = 1 << 22 // no process has that number
	const killed = "deploy.rollback: unknown: ended without a result: see whether it was done"
	for range 2 {
		if got := tell(intent); got != killed {
			t.Errorf("after its end: %s", got)
		}
	}
	end := audit.Entry{Phase: audit.Result, ID: "1", At: audit.Time{Time: now.Add(2 * time.Second)}, Target: "prod", Action: "deploy.rollback", Outcome: "ok"}
	if got := tell(intent, end); got != killed+"|deploy.rollback: ok" || len(c.open().Actions) != 1 {
		t.Errorf("once it is known: %s, %d actions", got, len(c.open().Actions))
	}
}

// What was done before an incident was opened, and belongs to it, is told once
// it is: the audit has gained nothing since.
func TestWhatWasDoneBeforeIsToldAfter(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now())
	if !c.behind() || c.acted(nil) != nil || c.behind() {
		t.Error("an incident that was opened must be told what was done, once")
	}
	for _, status := range []incident.Status{incident.StatusClosed, incident.StatusOpen} {
		if _, err := c.p.incidents.Append(id, incident.StatusSet{Status: status}); err != nil {
			t.Fatal(err)
		}
		c.read()
	}
	if !c.behind() {
		t.Error("and so must one that is opened again")
	}
}

// Without any dashboard the postmortem has what was done, up to the end of the incident.
func TestThePostmortemCatchesUp(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now().Add(-time.Minute))
	root := filepath.Dir(c.p.incidents.Dir)
	clock := time.Now().Add(-30 * time.Second)
	log, err := audit.Open(root, audit.Options{Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	add := func(id string) {
		for _, phase := range []audit.Phase{audit.Intent, audit.Result} {
			if _, err := log.Append(audit.Entry{Phase: phase, ID: id, Target: "prod", Action: "pg.analyze", Params: map[string]any{"table": id}, Outcome: "ok"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	add("orders")
	folder := c.p.incidents
	folder.Now = time.Now
	if _, err := folder.Append(id, incident.StatusSet{Status: incident.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	clock = time.Now().Add(time.Second)
	add("later")
	s, err := folder.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writePostmortem(folder, s); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder.In(id), incident.PostmortemName))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "table=orders") || strings.Contains(string(text), "table=later") {
		t.Errorf("the postmortem:\n%s", text)
	}
}

// Of two dashboards over a target one writes the alerts, and the other when that
// one ends. What neither has read yet is no news.
func TestOneDashboardWritesTheAlerts(t *testing.T) {
	t.Parallel()
	one, _ := chronicled(t, time.Now())
	two := newChronicle(&program{target: one.p.target, incidents: one.p.incidents, lead: &lead{path: one.p.lead.path}})
	two.read()
	alertOf := func(s alert.State) []alert.Alert {
		return []alert.Alert{{Rule: "http.p95", State: s, Former: alert.Firing, Severity: alert.P2, Reading: alert.Reading{Value: 1400, Unit: model.Millis, Known: true}}}
	}
	step := func(c *chronicle, s alert.State) { c.step(store.New().View(), alertOf(s), alert.Suspect{}) }
	step(one, alert.Unknown)
	step(one, alert.Clearing)
	step(one, alert.Firing)
	step(two, alert.OK)
	step(one, alert.Firing)
	if err := one.p.lead.file.Close(); err != nil { // as its end does
		t.Fatal(err)
	}
	two.p.lead.asked = time.Time{} // some time later
	two.read()
	step(two, alert.OK)
	two.read()
	if diff := cmp.Diff([]string{"http.p95 clearing: 1.4 s ()", "http.p95 firing: 1.4 s ()", "http.p95 ok: 1.4 s ()"}, says(two)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

// An incident that another session opens, closes or opens again is followed.
func TestTheOpenIncidentIsFollowed(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now())
	for _, step := range []struct {
		to   incident.Status
		open bool
	}{{incident.StatusClosed, false}, {incident.StatusOpen, true}, {incident.StatusResolved, true}, {incident.StatusClosed, false}} {
		if _, err := c.p.incidents.Append(id, incident.StatusSet{Status: step.to}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c.read()
		}
		if got := c.open() != nil; got != step.open {
			t.Errorf("%s: followed is %v", step.to, got)
		}
	}
	if got := c.p.currentIncident(); got != "" {
		t.Errorf("the audit would name %s", got)
	}
}

// Closed incidents are remembered, also those from before the one that is open.
func TestClosedIncidentsAreRemembered(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now().Add(-time.Hour))
	if _, err := c.p.incidents.Append(id, incident.StatusSet{Status: incident.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	c.p.incidents.Now = time.Now
	if _, err := c.p.incidents.Open(incident.Opened{Title: "again", Severity: "P2", Target: "prod"}); err != nil {
		t.Fatal(err)
	}
	fresh := newChronicle(c.p)
	fresh.read()
	if fresh.open() == nil || fresh.open().Title() != "again" || len(fresh.past) != 1 || fresh.past[0].ID != id {
		t.Errorf("open %v, past %+v", fresh.open(), fresh.past)
	}
}

// numbers is a snapshot with facts of a test's own.
type numbers []model.Fact

func (n numbers) Facts() []model.Fact { return n }

// What a box of the monthly review measured is in its record, and is there for
// the next review, however many incidents there were meanwhile.
func TestAReviewIsKeptForTheNext(t *testing.T) {
	t.Parallel()
	c, id := chronicled(t, time.Now().AddDate(0, -1, 0))
	books, err := runbook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	review := books[slices.IndexFunc(books, func(b runbook.Book) bool { return b.ID == "cost-review" })]
	if err := pinBook(c.p.incidents, id, review); err != nil {
		t.Fatal(err)
	}
	c.read()
	measured := store.New()
	store.NewCell(measured, store.Key[numbers]{Name: "test"}, store.Source{Every: time.Hour}).Put(numbers{
		model.Known("db.tables.bytes", 21<<30, model.Bytes, nil), model.Known("sentry.quota.used", 97, model.Percent, nil),
	}, time.Now(), 0)
	c.step(measured.View(), nil, alert.Suspect{})
	closed := incident.StatusSet{Status: incident.StatusClosed}
	if _, err := c.p.incidents.Append(id, closed); err != nil {
		t.Fatal(err)
	}
	for i := range incidentsKept + 1 {
		c.p.incidents.Now = func() time.Time { return time.Now().Add(time.Duration(i) * time.Second) }
		other, err := c.p.incidents.Open(incident.Opened{Title: "slow", Severity: "P2", Target: "prod"})
		if err == nil {
			_, err = c.p.incidents.Append(other, closed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	next := newChronicle(c.p)
	next.read()
	next.step(measured.View(), nil, alert.Suspect{})
	past := next.duty().Past
	if len(past) != incidentsKept+1 {
		t.Fatalf("%d are remembered, want the newest %d and the review", len(past), incidentsKept)
	}
	for step, want := range map[string]string{"database-size": "db.tables.bytes 21 GiB", "services-sentry": "sentry.quota.used 97 %"} {
		if word, told := past[incidentsKept].Step(review.ID, step); !told || word.Is.Reading != want {
			t.Errorf("%s: it has %q, want %q", step, word.Is.Reading, want)
		}
	}
}

// What fires by the state of the rules keeps an incident from being called over.
func TestNothingIsOverWhileItFires(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "config.yaml")
	text := "state: " + home + "/state\ntargets: {prod: {probes: [{name: web, url: \"http://127.0.0.1:9/\"}]}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const kept = `{"version":1,"series":[{"rule":"service.down","labels":{"service":"web"},"state":"firing","since":"2026-11-23T02:00:00Z","last":"2026-11-23T02:05:00Z"}]}`
	if err := os.MkdirAll(filepath.Join(home, "state/prod"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "state/prod/rules.json"), []byte(kept), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run("--config", file, "incident", "open", "web", "--severity", "P0", "--why", "down"); got.code != 0 {
		t.Fatalf("open: %+v", got)
	}
	if got := run("--config", file, "incident", "message", "team"); !strings.Contains(got.out, "Firing: service.down service=web.") {
		t.Errorf("the team hears %+v", got)
	}
	for _, status := range []string{"mitigated", "resolved", "closed"} {
		if got := run("--config", file, "incident", "status", status); got.code != 1 || !strings.Contains(got.err, "while this fires: service.down") {
			t.Errorf("%s: %+v", status, got)
		}
	}
	if got := run("--config", file, "incident", "status", "closed", "the probe is wrong", "--anyway"); got.code != 0 || !strings.Contains(got.out, "postmortem.md") {
		t.Errorf("anyway: %+v", got)
	}
	papers, _ := filepath.Glob(filepath.Join(home, "state/incidents/*/postmortem.md"))
	if len(papers) != 1 {
		t.Fatalf("postmortems: %v", papers)
	}
	paper, err := os.ReadFile(papers[0])
	for _, want := range []string{"| still |  | service.down service=web |", "| mitigated | not said |", "| resolved | not said |"} {
		if err != nil || !strings.Contains(string(paper), want) {
			t.Errorf("the postmortem does not say %q: %v\n%s", want, err, paper)
		}
	}
	if got := run("--config", file, "incident", "show", "--incident", "nosuch"); got.code != 1 || !strings.Contains(got.err, `there is no incident "nosuch": tocsin incident list names them`) {
		t.Errorf("an incident that is not there: %+v", got)
	}
}
