package runbook

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// shippedBook is one of the shipped books.
func shippedBook(t *testing.T, id string) Book {
	t.Helper()
	text, err := shipped.ReadFile("books/" + id + ".md")
	if err != nil {
		t.Fatalf("there is no book %s: %v", id, err)
	}
	b, err := Parse(id+".md", text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestShipped(t *testing.T) {
	books, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, b := range books {
		ids = append(ids, b.ID)
		if b.Severity == "" || b.Owner == "" || !strings.HasPrefix(b.Intro, "Use this ") && !strings.HasPrefix(b.Intro, "Go through it ") {
			t.Errorf("%s: it has no severity, no owner, or does not say when to use it", b.ID)
		}
		for _, p := range b.Phases {
			if p.From == 0 && p.To == 0 {
				t.Errorf("%s: phase %q has no clock", b.ID, p.Title)
			}
		}
	}
	want := []string{
		"attack", "backup-and-restore", "bad-deploy", "bloat", "breach", "cache-leak", "cdn-and-cache", "complete-outage",
		"connections-exhausted", "corruption", "cost-review", "data-loss", "disaster-recovery", "disk-filling", "domain",
		"error-spike", "foreign-content", "incident-response", "lock-pileup", "memory", "old-snapshot", "payments",
		"performance-degradation", "provider-outage", "rate-limits", "regular-review", "replica-lag", "risky-change",
		"scaling", "scheduled-job", "slow-query", "stale-cache", "user-reported",
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("books (-want +got):\n%s", diff)
	}
}

// The book that a rule names leads with that rule.
func TestRulesAndTriggersAgree(t *testing.T) {
	for _, r := range alert.Defaults().Rules {
		if b := shippedBook(t, r.Runbook); !slices.Contains(b.Triggers, r.ID) {
			t.Errorf("rule %s names %s, whose triggers do not name it: %v", r.ID, b.ID, b.Triggers)
		}
	}
}

// Where a rule watches a metric, a step does not ask for another limit: what
// the alert calls well and what the book calls well are the same. To be at least
// 0 is no limit: it only has to be measured.
func TestLimitsAreThoseOfTheRules(t *testing.T) {
	books, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	words := newVocabulary()
	for _, b := range books {
		for _, s := range b.Steps() {
			for _, e := range []Expr{s.Block.When, s.Block.Check, s.Block.Verify} {
				for _, term := range slices.Concat(e.cases...) {
					if e.measures() {
						continue
					}
					if limits := limitsOf(t, term.metric.Name, words[term.metric.Name].metric.Unit); len(limits) > 0 && !slices.Contains(limits, in(t, term.limit, words[term.metric.Name].metric.Unit)) {
						t.Errorf("%s:%d: %q: no rule on %s has this limit: %v", b.ID, s.Line, e.Text, term.metric.Name, limits)
					}
				}
			}
		}
	}
}

// What lets a step run is not what says that it helped: else the step is done
// whatever its action did.
func TestVerificationsAreNotTrueAlready(t *testing.T) {
	books, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range books {
		for _, s := range b.Steps() {
			if when, verify, both := overlap(s.Block.When, s.Block.Verify); both {
				t.Errorf("%s:%d: %s may be %s and %s at once", b.ID, s.Line, when.metric.Name, when.limit, verify.limit)
			}
		}
	}
}

// limitsOf gives the limits of the shipped rules on a metric, in its unit, and
// those that say "none at all"; none where no rule is on it.
func limitsOf(t *testing.T, metric string, unit model.Unit) []float64 {
	t.Helper()
	var out []float64
	for _, r := range alert.Defaults().Rules {
		if r.Metric != metric {
			continue
		}
		for _, limit := range []alert.Threshold{r.Fire, r.Clear} {
			out = append(out, in(t, limit, unit))
		}
	}
	if out != nil && unit == "" {
		out = append(out, 0, 1)
	}
	return out
}

func in(t *testing.T, limit alert.Threshold, unit model.Unit) float64 {
	t.Helper()
	value, err := limit.In(unit)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestBreachKeepsItsClocks(t *testing.T) {
	type clock struct {
		Title    string
		From, To time.Duration
	}
	var got []clock
	for _, p := range shippedBook(t, "breach").Phases {
		got = append(got, clock{p.Title[:strings.Index(p.Title, " (")], p.From, p.To})
	}
	const min, h = time.Minute, time.Hour
	want := []clock{
		{"Immediate actions", 0, 15 * min}, {"Assessment", 15 * min, 60 * min}, {"Containment", h, 4 * h},
		{"Eradication", 4 * h, 24 * h}, {"Recovery", 24 * h, 48 * h}, {"Post-incident", 48 * h, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
}

// What destroys evidence in a security incident waits for the capture, and the
// legal clocks begin with the first step.
func TestBreachGates(t *testing.T) {
	b := shippedBook(t, "breach")
	first := b.Steps()[0]
	if first.Block.Ask == nil || first.Block.Ask.Fact != "aware-at" || first.Block.Ask.Type != "time" {
		t.Errorf("the first step does not ask for the moment of awareness: %+v", first)
	}
	for _, name := range []string{"lock-role", "end-sessions", "all-collected", "restore"} {
		if s, ok := b.Step(name); !ok || !slices.Contains(s.Block.Needs, NeedEvidence) {
			t.Errorf("step %s does not wait for the evidence", name)
		}
	}
	evidence, isolate := -1, -1
	for i, s := range b.Steps() {
		switch s.Name() {
		case "evidence":
			evidence = i
		case "isolate":
			isolate = i
		}
	}
	if isolate < 0 || evidence < isolate {
		t.Errorf("isolation is step %d and evidence step %d: the network goes first, the power stays", isolate, evidence)
	}
}

func TestSeverities(t *testing.T) {
	intro := shippedBook(t, "incident-response").Intro
	for severity, update := range map[alert.Severity]string{
		alert.P0: "15 min", alert.P1: "30 min", alert.P2: "60 min", alert.P3: "the next day",
	} {
		row := regexp.MustCompile(`(?m)^\| ` + string(severity) + ` \|.*$`).FindString(intro)
		if !strings.Contains(row, "| "+update+" |") {
			t.Errorf("%s: %q has not the first update after %s", severity, row, update)
		}
	}
	for _, want := range []string{"down, or data is exposed", "more than 2 %", "14.4", "In doubt take the higher"} {
		if !strings.Contains(intro, want) {
			t.Errorf("the criteria do not say %q", want)
		}
	}
}

func TestScalingHasItsFiveLimits(t *testing.T) {
	b := shippedBook(t, "scaling")
	for name, want := range map[string]string{
		"limit-p95":         "http.p95 < 1000ms for 3m",
		"limit-connections": "db.connections.used < 80% for 1m",
		"limit-memory":      "host.memory < 85% for 5m",
		"limit-errors":      "http.error_rate < 2% for 2m",
	} {
		if s, ok := b.Step(name); !ok || s.Block.Check.Text != want {
			t.Errorf("%s: got %q, want %q", name, s.Block.Check.Text, want)
		}
	}
	if s, ok := b.Step("limit-users"); !ok || s.Block.Ask == nil {
		t.Error("the number of users at their limit is not asked for")
	}
	if first := b.Steps()[0]; !strings.Contains(first.Prose, "bad-deploy") {
		t.Errorf("a rollback is not thought of before scaling: %q", first.Prose)
	}
}

func TestCostReviewHasEveryBox(t *testing.T) {
	b := shippedBook(t, "cost-review")
	boxes := map[string][]string{
		"Hosting, Vercel":    {"hosting-bandwidth", "hosting-functions", "hosting-images", "hosting-deployments", "hosting-edge"},
		"Database, Supabase": {"database-size", "database-bandwidth", "database-queries", "database-archive", "database-files"},
		"Other services":     {"services-sentry", "services-logrocket", "services-resend", "services-openai", "services-stripe"},
	}
	for _, p := range b.Phases[:len(boxes)] {
		var got []string
		for _, s := range p.Steps {
			got = append(got, s.Name())
		}
		if diff := cmp.Diff(boxes[p.Title[:strings.Index(p.Title, " (")]], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.Title, diff)
		}
	}
	// Whatever a box measures, it is ticked at once, so that the record has it.
	for _, s := range b.Steps() {
		if check := s.Block.Check; !check.Absent() && !check.measures() {
			t.Errorf("%s is kept only where %s", s.Name(), check.Text)
		}
	}
	got := standingIn(t, b.ID, "bloat-bytes", model.Known("db.bloat.bytes", 1<<30, model.Bytes, nil))
	if got.Ticks != CourseDone || got.Says("") != "1 GiB: db.bloat.bytes" {
		t.Errorf("a box of the last phase: %s, %s", got.Ticks, got.Says(""))
	}
}

// The branches of the decision in an outage.
func TestOutageDecides(t *testing.T) {
	b := shippedBook(t, "complete-outage")
	for i, want := range []string{"Look", "If it is the provider", "If it is the database", "If it is the code"} {
		if !strings.HasPrefix(b.Phases[i].Title, want+" (") {
			t.Errorf("phase %d is %q, want %q", i, b.Phases[i].Title, want)
		}
	}
	rollback, ok := b.Step("rollback-code")
	if !ok || rollback.Block.Action != "deploy.rollback" || rollback.Block.OnFail != "good-build" {
		t.Errorf("the code is not rolled back first: %+v", rollback.Block)
	}
}

// What is shown to be copied must not do what the dangers of the mission's
// document are about.
func TestFencesAreSafe(t *testing.T) {
	books, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	fence := regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")
	forbidden := []*regexp.Regexp{
		regexp.MustCompile(`(?i)git\s+reset`), regexp.MustCompile(`(?i)flush(all|db)`), regexp.MustCompile(`(?i)vacuum\s+(\(\s*)?full`),
		regexp.MustCompile(`(?i)create\s+(unique\s+)?index\s+(\w|$)`), regexp.MustCompile(`(?i)\bdelete\s+from\b`),
		regexp.MustCompile(`(?i)\b(truncate|drop)\s+(table|database|schema|index)?\b`), regexp.MustCompile(`pg_resetwal|zero_damaged_pages`),
		regexp.MustCompile(`pg_restore.*-d shop\b( |$)`), regexp.MustCompile(`kill\s+-9|rm\s+-r|reboot|shutdown|poweroff`),
		regexp.MustCompile(`(?i)order by mean_exec_time|pg_total_relation_size\(\w+\s*\|\|`), regexp.MustCompile(`(?i)password=|uuid_generate`),
	}
	shown := 0
	for _, b := range books {
		for _, m := range fence.FindAllStringSubmatch(b.Text, -1) {
			if m[1] == stepFence {
				continue
			}
			shown++
			for _, bad := range forbidden {
				if bad.MatchString(m[2]) && !strings.Contains(m[2], "CONCURRENTLY") {
					t.Errorf("%s: %s in\n%s", b.ID, bad, m[2])
				}
			}
			if strings.Contains(m[2], "pg_dump ") && !strings.Contains(m[2], "-Fc") {
				t.Errorf("%s: a dump that pg_restore refuses:\n%s", b.ID, m[2])
			}
			if strings.Contains(m[2], "curl ") && !strings.Contains(m[2], "--max-time") {
				t.Errorf("%s: a fetch without an end:\n%s", b.ID, m[2])
			}
		}
	}
	if shown == 0 {
		t.Error("no fence was found")
	}
}

// Words that must stand somewhere, since a step cannot say them in numbers.
func TestDangersAreSpokenOf(t *testing.T) {
	tests := []struct{ danger, book, want string }{
		{"D1", "bad-deploy", "Never `git reset --hard`"},
		{"D2", "bad-deploy", "The schema does not roll back with the code"},
		{"D2", "complete-outage", "promotes no new push until somebody promotes again"},
		{"D3", "disk-filling", "delete in batches by key"},
		{"D4", "bloat", "while it *waits* for its lock everybody else waits behind it"},
		{"D5", "old-snapshot", "a vacuum has no effect"},
		{"D6", "backup-and-restore", "Roles are not in it"},
		{"D7", "backup-and-restore", "Never into the live one"},
		{"D8", "backup-and-restore", "still lists its contents without an error"},
		{"D9", "slow-query", "View 2 sorts by total time since a mark"},
		{"D10", "slow-query", "do not paste it anywhere"},
		{"D11", "risky-change", "would leave an invalid index"},
		{"D12", "stale-cache", "Never the whole cache"},
		{"D13", "scaling", "1 % burns a month's budget in three days"},
		{"D14", "connections-exhausted", "less what is reserved"},
		{"D15", "replica-lag", "has no row in any view"},
		{"D16", "breach", "leave its power on"},
		{"D17", "breach", "hash each item as it is written"},
		{"D18", "breach", "Never your bastion, your monitoring"},
		{"D19", "complete-outage", "three failures of three"},
		{"D20", "error-spike", "Fewer than 50 requests"},
		{"D21", "memory", "The page cache counts as available"},
		{"D23", "breach", "Counsel decides"},
		{"D24", "breach", "a call that verifies it at the server"},
		{"D25", "scaling", "an attack scales as well"},
		{"D26", "replica-lag", "on an idle pair the age of the last replay grows"},
		{"D27", "scaling", "partitions summed"},
		{"D28", "risky-change", "not by a time that the transaction itself stands still at"},
		{"D29", "risky-change", "A trigger AFTER each of insert, update, delete and truncate"},
	}
	for _, tt := range tests {
		t.Run(tt.danger, func(t *testing.T) {
			if text := strings.Join(strings.Fields(shippedBook(t, tt.book).Text), " "); !strings.Contains(text, tt.want) {
				t.Errorf("%s does not say %q", tt.book, tt.want)
			}
		})
	}
}
