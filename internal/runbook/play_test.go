package runbook

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

const played = `---
runbook: small
title: A small book
severity: P2
triggers: [db.query.slow]
owner: platform
reviewed: 2026-11-01
---
# A small book

## Look (0-15 min)
### Is it still slow
` + "```step" + `
id: slow
within: 5m
check: db.query.longest < 5s
` + "```" + `
### Cancel it
` + "```step" + `
id: cancel
when: db.locks.waiting > 0
action: pg.cancel
with: {pid: $suspect.pid, backend_start: $suspect.backend_start}
verify: db.locks.waiting < 1
on_fail: by-hand
` + "```" + `
### By hand
## Repair (15-60 min)
### Which table
` + "```step" + `
id: which
ask: {fact: table, type: pg.table, prompt: Which table}
` + "```" + `
### Vacuum it
` + "```step" + `
id: vacuum
action: pg.vacuum
with: {table: $table}
needs: [evidence]
` + "```" + `
### All is well
` + "```step" + `
id: well
check: db.connections.used < 75%
` + "```\n"

// game is the book in a situation that a test changes.
type game struct {
	t    *testing.T
	book Book
	now  time.Time
	s    Situation
}

func newGame(t *testing.T) *game {
	t.Helper()
	b, err := Parse("small.md", []byte(played))
	if err != nil {
		t.Fatal(err)
	}
	g := &game{t: t, book: b, now: time.Now()}
	g.s = Situation{Began: g.now, Facts: map[string]string{}, Words: map[string]Word{}}
	g.read(9, 3, 50)
	return g
}

// read is what the server shows: the longest statement, who waits, slots taken.
func (g *game) read(longest, waiting, used float64) {
	s := store.New()
	store.NewCell(s, store.Key[numbers]{Name: "test"}, store.Source{Every: time.Hour}).Put(numbers{
		model.Known("db.query.longest", longest, model.Seconds, nil), model.Known("db.locks.waiting", waiting, model.None, nil),
		model.Known("db.connections.used", used, model.Percent, nil),
	}, time.Now(), 0)
	g.s.View = s.View()
}

func (g *game) said(step string, c Course) {
	g.s.Words[step] = Word{Course: c, At: g.now, Reason: "because"}
}

// wants compares the courses of all steps: "slow ready>, cancel off"; > is the
// next one, ! is late, and what it reaches by itself stands behind =.
func (g *game) wants(situation, want string) {
	g.t.Helper()
	var got []string
	for _, s := range g.book.Play(g.s) {
		text := fmt.Sprintf("%s %s", s.Step.Name(), s.Course)
		if s.Next {
			text += ">"
		}
		if s.Late {
			text += "!"
		}
		if s.Ticks != "" {
			text += "=" + string(s.Ticks)
		}
		got = append(got, text)
	}
	if joined := strings.Join(got, ", "); joined != want {
		g.t.Errorf("%s:\n got %s\nwant %s", situation, joined, want)
	}
}

// says compares what a step says.
func (g *game) says(step, want string) {
	g.t.Helper()
	if got := g.standing(step).Says(""); got != want {
		g.t.Errorf("%s says %q, want %q", step, got, want)
	}
}

func (g *game) standing(step string) Standing {
	g.t.Helper()
	all := g.book.Play(g.s)
	i := slices.IndexFunc(all, func(s Standing) bool { return s.Step.Name() == step })
	if i < 0 {
		g.t.Fatalf("no step %s", step)
	}
	return all[i]
}

func TestPlay(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.wants("at first", "slow watching, cancel ready>, by-hand ready, which to do, vacuum to do, well to do")
	if got := g.standing("cancel"); !slices.Equal(got.Missing, []string{"$suspect.backend_start", "$suspect.pid"}) {
		t.Errorf("nobody is suspected, and missing is %v", got.Missing)
	}
	g.s.Suspect = alert.Suspect{Args: map[string]string{"pid": "7", "backend_start": "2026-11-23T02:00:00Z"}}
	if got := g.standing("cancel"); got.Args["pid"] != "7" || len(got.Missing) > 0 {
		t.Errorf("arguments %v, missing %v", got.Args, got.Missing)
	}
	g.said("cancel", CourseStarted)
	g.wants("ordered", "slow watching, cancel started>, by-hand ready, which to do, vacuum to do, well to do")
	g.s.Runs = []Run{{Action: "pg.cancel", At: g.now, OK: true, Text: "cancelled"}}
	g.wants("run, and not seen to help", "slow watching, cancel started>, by-hand ready, which to do, vacuum to do, well to do")
	g.read(1, 0, 50)
	g.wants("it helped", "slow ready>=done, cancel started=done, by-hand ready, which to do, vacuum to do, well to do")
	g.said("slow", CourseDone)
	g.said("cancel", CourseDone)
	g.said("by-hand", CourseSkipped)
	g.wants("the next phase, before its time", "slow done, cancel done, by-hand skipped, which ready>, vacuum ready, well ready=done")
	if got := g.standing("vacuum"); !slices.Equal(got.Missing, []string{"$table"}) || !slices.Equal(got.Gates, []Gate{NeedEvidence}) || got.Says("") != "needs $table" {
		t.Errorf("vacuum is missing %v, behind %v: %s", got.Missing, got.Gates, got.Says(""))
	}
	g.s.Facts["table"], g.s.Evidence = "public.orders", true
	if got := g.standing("vacuum"); got.Args["table"] != "public.orders" || len(got.Gates) > 0 || got.Says("") != "pg.vacuum table=public.orders" {
		t.Errorf("vacuum: %+v", got)
	}
}

// A step whose condition is gone is not needed, and does not hold up the rest.
func TestPlayWithoutNeed(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.read(9, 0, 50)
	g.wants("nobody waits", "slow watching, cancel off, by-hand ready>, which to do, vacuum to do, well to do")
	g.said("slow", CourseOverridden)
	g.said("by-hand", CourseDone)
	g.wants("the rest is over", "slow overridden, cancel off, by-hand done, which ready>, vacuum ready, well ready=done")
}

// What the verdict offers is ready before the time of its phase, and comes first.
func TestPlayFollowsTheVerdict(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.s.Facts["table"], g.s.Evidence = "public.orders", true
	g.s.Suspect = alert.Suspect{Action: "pg.vacuum", Args: map[string]string{"table": "public.orders"}}
	g.wants("the verdict says vacuum", "slow watching, cancel ready, by-hand ready, which to do, vacuum ready>, well to do")
	if got := g.standing("which").Proposed; got != "public.orders" {
		t.Errorf("proposed is %q", got)
	}
	g.s.Suspect.Args = map[string]string{"table": "public.users"}
	g.wants("of another table", "slow watching, cancel ready>, by-hand ready, which to do, vacuum to do, well to do")
	g.s.Runs = []Run{{Action: "pg.vacuum", At: g.now, OK: true, Args: actions.Args{"table": "public.users"}}}
	g.wants("another table was vacuumed", "slow watching, cancel ready>, by-hand ready, which to do, vacuum to do, well to do")
	g.s.Runs[0].Args = actions.Args{"table": "public.orders"}
	g.wants("it was", "slow watching, cancel ready>, by-hand ready, which to do, vacuum started=done, well to do")
}

// What is not known ticks nothing. A step whose condition nobody could ever see
// is not asked; one whose source fails is.
func TestPlayUnknown(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.s.View = store.New().View()
	g.s.Began = g.now.Add(-20 * time.Minute)
	g.wants("nothing is configured", "slow watching!, cancel off, by-hand ready>!, which ready, vacuum ready, well watching")
	s := store.New()
	store.NewCell(s, store.Key[numbers]{Name: store.ActivityKey().Name}, store.Source{Every: time.Hour}).Fail(&model.Fail{Class: model.Down}, time.Now(), 0)
	g.s.View = s.View()
	g.wants("nothing is read", "slow watching!, cancel ready>!, by-hand ready!, which ready, vacuum ready, well watching")
}

// A run is taken by one step, and what failed says so.
func TestPlayFailure(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.s.Runs = []Run{{Action: "pg.cancel", At: g.now, Text: "failed: gone"}}
	g.wants("it failed", "slow watching, cancel started>=failed, by-hand ready, which to do, vacuum to do, well to do")
	g.said("cancel", CourseFailed)
	if got := g.standing("cancel"); got.Course != CourseFailed || got.Says("") != "because" {
		t.Errorf("then %+v", got)
	}
	g.s.Words["cancel"] = Word{Course: CourseStarted, At: g.now.Add(time.Second)}
	g.wants("ordered again", "slow watching, cancel started>, by-hand ready, which to do, vacuum to do, well to do")
}

// An effect that does not come within its time is a failure.
func TestPlayNoEffect(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.s.Runs = []Run{{Action: "pg.cancel", At: g.now.Add(-verifyWithin - time.Minute), OK: true}}
	if got := g.standing("cancel"); got.Ticks != CourseFailed {
		t.Errorf("got %+v", got)
	}
}

func TestPlayBlocker(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	s := store.New()
	cell := store.NewCell(s, store.ActivityKey(), store.Source{Every: time.Hour})
	cell.Put(model.Activity{Sessions: []model.Session{{PID: 1, BackendStart: began}, {PID: 2, BackendStart: began, BlockedBy: []int{1}}}}, time.Now(), 0)
	facts := Situation{View: s.View()}.facts()
	if want := (actions.Args{"blocker.pid": "1", "blocker.backend_start": "2026-11-23T02:00:00Z"}); facts["blocker.pid"] != want["blocker.pid"] || facts["blocker.backend_start"] != want["blocker.backend_start"] {
		t.Errorf("facts %v", facts)
	}
	cell.Fail(&model.Fail{Class: model.Down}, time.Now(), 0)
	if facts := (Situation{View: s.View()}).facts(); facts["blocker.pid"] != "" {
		t.Errorf("by an old reading: %v", facts)
	}
}

// Every shipped book can be played from its first moment on.
func TestPlayShippedBooks(t *testing.T) {
	t.Parallel()
	books, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range books {
		for _, after := range []time.Duration{0, time.Hour, 100 * time.Hour} {
			all := b.Play(Situation{View: store.New().View(), Began: time.Now().Add(-after)})
			if len(all) != len(b.Steps()) || !slices.ContainsFunc(all, func(s Standing) bool { return s.Next }) {
				t.Errorf("%s after %v: %d steps stand, of %d", b.ID, after, len(all), len(b.Steps()))
			}
			for _, s := range all {
				if s.Ticks != "" || s.Says("") == "" {
					t.Errorf("%s: with nothing read step %s ticks %q and says %q", b.ID, s.Step.Name(), s.Ticks, s.Says(""))
				}
			}
		}
	}
}

// A clock that counts from a fact has no end before the fact is known, and
// takes none from the opening.
func TestClockFromAFact(t *testing.T) {
	text := strings.Replace(small, "## Later (48+ hours)\n", "## Later (48+ hours)\n### When\n```step\nid: aware\nask: {fact: aware-at, type: time, prompt: When}\n```\n"+
		"### Report\n```step\nid: report\nwithin: 72h\nfrom: aware-at\n```\n", 1)
	b, err := Parse("small.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	aware := now.Add(-73 * time.Hour).UTC().Truncate(time.Second)
	for answer, want := range map[string]time.Time{"": {}, "yesterday": {}, aware.Format(time.RFC3339): aware.Add(72 * time.Hour)} {
		all := b.Play(Situation{View: store.New().View(), Began: now, Facts: map[string]string{"aware-at": answer}})
		i := slices.IndexFunc(all, func(s Standing) bool { return s.Step.Name() == "report" })
		if got := all[i]; !got.Due.Equal(want) || got.Late == want.IsZero() {
			t.Errorf("aware %q: due %v, late %v; want %v", answer, got.Due, got.Late, want)
		}
	}
	asked := "from: aware-at"
	for from, fault := range map[string]bool{asked: false, "from: prefix": true, "from: nothing": true} {
		b, err := Parse("small.md", []byte(strings.Replace(text, asked, from, 1)))
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(Lint([]Book{b}, Known{}), func(f Finding) bool { return strings.Contains(f.Text, "is no time that the book asks for") })
		if found != fault {
			t.Errorf("%s: a fault %v, want %v", from, found, fault)
		}
	}
	if _, err := Parse("small.md", []byte(strings.Replace(text, "within: 72h\n", "", 1))); err == nil {
		t.Error("took a clock without its length")
	}
}

// The legal clocks of a breach count from the moment of awareness.
func TestBreachCountsFromAwareness(t *testing.T) {
	aware := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	all := shippedBook(t, "breach").Play(Situation{View: store.New().View(), Began: aware.Add(20 * time.Hour), Facts: map[string]string{"aware-at": "2026-11-28T08:00:00Z"}})
	for name, after := range map[string]time.Duration{"first-report": 24 * time.Hour, "file-the-reports": 72 * time.Hour} {
		i := slices.IndexFunc(all, func(s Standing) bool { return s.Step.Name() == name })
		if i < 0 || !all[i].Due.Equal(aware.Add(after)) {
			t.Errorf("%s is not due %v after awareness", name, after)
		}
	}
}

// A check tells what it sees now, value first, also when its step is done.
func TestChecksSayWhatIsLeft(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.read(9, 3, 50)
	g.says("slow", "9 s of 5 s, 80 % over: db.query.longest; wants db.query.longest < 5s")
	g.says("well", "50 % of 75 %, 25 points left: db.connections.used; wants db.connections.used < 75%")
	g.said("slow", CourseDone)
	g.says("slow", "no longer: 9 s of 5 s, 80 % over: db.query.longest")
	g.read(2, 3, 50)
	g.says("slow", "2 s of 5 s, 60 % left: db.query.longest")
	g.s.View = store.New().View()
	g.says("slow", "because")
	g.says("well", "db.connections.used: not read here; wants db.connections.used < 75%")
	g.read(2, 3, 50)
	before := "Dec 01: 3 s"
	if got := g.standing("slow").Says(before); got != "2 s of 5 s, 60 % left (Dec 01: 3 s): db.query.longest" {
		t.Errorf("what was before: %q", got)
	}
	if got := g.standing("which").Says(before); got != "Which table (Dec 01: 3 s)" {
		t.Errorf("what was answered before: %q", got)
	}
	g.s.Words["which"] = Word{Course: CourseDone, At: g.now, Reading: "table = public.orders"}
	if got := g.standing("which").Says(before); got != "public.orders (Dec 01: 3 s)" {
		t.Errorf("the answer: %q", got)
	}
	g.said("slow", CourseSkipped)
	g.says("slow", "because")
}
