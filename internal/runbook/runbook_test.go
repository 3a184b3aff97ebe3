package runbook

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/actions"
	"tocsin/internal/alert"
)

const small = `---
runbook: small
title: A small book
severity: P2
triggers: [db.query.slow]
owner: platform
reviewed: 2026-11-01
params:
  table: {type: pg.table}
---
# A small book
What it is for.

## Look (0-15 min)
First look.

### See what runs
Look at it.
` + "```sql\nSELECT 1;\n```\n```step" + `
id: running
within: 5m
check: db.query.longest < 5s for 1m
` + "```" + `
Behind the block.

## Act (1-4 hours)
### Vacuum it
` + "```step" + `
id: vacuum
when: db.dead_tuples.pct > 20% or db.locks.waiting > 0
action: pg.vacuum
with: {table: $table}
verify: db.dead_tuples.pct < 20%
needs: [evidence]
on_fail: continue
` + "```" + `
### By hand
Do it.
## Later (48+ hours)
### Which one
` + "```step" + `
id: which
ask: {fact: prefix, type: cache.prefix, prompt: Prefix that leaks}
` + "```\n"

func TestParse(t *testing.T) {
	b, err := Parse("small.md", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if b.Intro != "What it is for." || b.Title != "A small book" || b.Severity != alert.P2 || b.Params[0] != (Param{"table", "pg.table"}) {
		t.Errorf("head: %+v", b)
	}
	type line struct {
		Phase    string
		From, To time.Duration
		Step     string
		ID       string
		Prose    string
		Manual   bool
		Line     int
	}
	var got []line
	for _, p := range b.Phases {
		for _, s := range p.Steps {
			got = append(got, line{p.Title, p.From, p.To, s.Title, s.Block.ID, s.Prose, s.Manual(), s.Line})
		}
	}
	look, act := "Look (0-15 min)", "Act (1-4 hours)"
	want := []line{
		{look, 0, 15 * time.Minute, "See what runs", "running", "Look at it.\n```sql\nSELECT 1;\n```\n\nBehind the block.", false, 17},
		{act, time.Hour, 4 * time.Hour, "Vacuum it", "vacuum", "", false, 30},
		{act, time.Hour, 4 * time.Hour, "By hand", "", "Do it.", true, 40},
		{"Later (48+ hours)", 48 * time.Hour, 0, "Which one", "which", "", false, 43},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if v := b.Phases[1].Steps[0].Block; v.With["table"] != "$table" || v.Verify.Absent() || v.OnFail != "continue" || v.Needs[0] != NeedEvidence {
		t.Errorf("block: %+v", v)
	}
	if b.Phases[0].Prose != "First look." {
		t.Errorf("prose of the phase: %q", b.Phases[0].Prose)
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name     string
		from, to string // replaced in the small book
		want     []string
	}{
		{"no head", "---\nrunbook", "runbook", []string{"small.md:1:1: a book begins with ---"}},
		{"another name", "runbook: small", "runbook: big", []string{`small.md:2:10: runbook "big": the name of the file is "small"`}},
		{"unknown key", "owner: platform", "ownr: platform", []string{`small.md:6:1: unknown key "ownr": did you mean "owner"?`}},
		{"severity", "severity: P2", "severity: P9", []string{`small.md:4:11: severity "P9"`}},
		{"day", "2026-11-01", "yesterday", []string{`small.md:7:11: reviewed "yesterday"`}},
		{"type", "pg.table}", "pg.tabel}", []string{`unknown type "pg.tabel": did you mean "pg.table"?`}},
		{"metric", "db.query.longest <", "db.query.longst <", []string{`small.md:25:8: unknown metric "db.query.longst": did you mean "db.query.longest"?`}},
		{"unit", "< 5s for", "< 5% for", []string{`small.md:25:8: "db.query.longest < 5% for 1m"`, "does not fit"}},
		{"step key", "within: 5m", "wihtin: 5m", []string{`small.md:24:1: unknown key "wihtin": did you mean "within"?`}},
		{"two kinds", "ask: {", "check: db.down < 1\nask: {", []string{"one of check, action and ask"}},
		{"gate", "[evidence]", "[evidense]", []string{`unknown gate "evidense": did you mean "evidence"?`}},
		{"nothing after or", "db.locks.waiting > 0", "", []string{`small.md:33:8: a comparison is missing`}},
		{"bare with", "ask: {", "with: {a: b}\nask: {", []string{"with belongs to an action"}},
		{"prompt", ", prompt: Prefix that leaks", "", []string{"a prompt says what is asked for"}},
		{"fact's name", "fact: prefix", "fact: Pre fix", []string{"its fact has a name"}},
		{"within", "within: 5m", "within: -5m", []string{"small.md:24:9: within"}},
		{"to itself", "on_fail: continue", "on_fail: vacuum", []string{"on_fail leads to its own step"}},
		{"later and action", "on_fail: continue", "later: pg.x", []string{"later is for a step that has no action yet"}},
		{"clock", "(0-15 min)", "(0-15 minuts)", []string{"small.md:14:1: a phase has its clock as (0-15 min)"}},
		{"clock backwards", "(0-15 min)", "(30-15 min)", []string{"small.md:14:1: a phase has its clock"}},
		{"block in a list", "### By hand\nDo it.", "### By hand\n- Do it.\n  ```step\n  id: x\n  ```", []string{"small.md:41:1: a step block stands by itself"}},
		{"id", "id: which", "id: Which One", []string{"small letters"}},
		{"step without a phase", "## Look (0-15 min)\nFirst look.\n", "", []string{"small.md:15:1: a step (###) stands in a phase (##)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("small.md", []byte(strings.Replace(small, tt.from, tt.to, 1)))
			if err == nil {
				t.Fatal("no fault was found")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got\n%v\nwant in it %s", err, want)
				}
			}
		})
	}
}

func known() Known {
	session := []actions.Param{{Name: "pid", Type: actions.TypePID}, {Name: "backend_start", Type: actions.TypeTime, Optional: true}}
	return Known{
		Now: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
		Actions: []actions.Action{
			{ID: "pg.vacuum", Params: []actions.Param{{Name: "table", Type: actions.TypeTable}}},
			{ID: "pg.cancel", Params: session},
			{ID: "pg.terminate", Params: session},
		},
	}
}

func TestLint(t *testing.T) {
	tests := []struct {
		name     string
		from, to string
		want     string // "" for nothing
	}{
		{"in order", "", "", ""},
		{"old", "2026-11-01", "2026-01-01", "small.md: last reviewed 2026-01-01, over 180 days ago"},
		{"trigger", "[db.query.slow]", "[db.query.slwo]", "small.md: trigger db.query.slwo is no rule and no metric"},
		{"action", "pg.vacuum", "pg.vacum", "small.md:30: there is no action pg.vacum"},
		{"argument", "{table: $table}", "{tabel: $table}", "small.md:30: action pg.vacuum takes no tabel\nsmall.md:30: action pg.vacuum needs table"},
		{"type of a fact", "{table: $table}", "{table: $blocker.pid}", "small.md:30: table is a pg.table, and $blocker.pid a pg.pid"},
		{"value", "pg.vacuum\nwith: {table: $table}", "pg.cancel\nwith: {pid: root}", `small.md:30: pid: "root": it is not a process number`},
		{"asked twice", "fact: prefix, type: cache.prefix", "fact: table, type: string", "small.md:43: table is a pg.table already, and asked for as string"},
		{"fact", "{table: $table}", "{table: $tabel}", "small.md:30: $tabel is neither a parameter nor asked for before"},
		{"next step", "on_fail: continue", "on_fail: further", "small.md:30: on_fail: there is no step further"},
		{"later", "id: which\nask", "id: which\nlater: backup.take\nask", "small.md:43: done by hand until there is an action backup.take"},
		{"later exists", "id: which\nask", "id: which\nlater: pg.vacuum\nask", "small.md:43: the action pg.vacuum exists by now: use it"},
		{"holds already", "verify: db.dead_tuples.pct < 20%", "verify: db.dead_tuples.pct < 25% for 1m", "small.md:30: when and verify can hold at once, db.dead_tuples.pct > 20% and < 25%: the step is then done whatever its action did"},
		{"holds at the limit", "verify: db.dead_tuples.pct < 20%", "verify: db.locks.waiting <= 1", "small.md:30: when and verify can hold at once, db.locks.waiting > 0 and <= 1: the step is then done whatever its action did"},
		{"a count is whole", "verify: db.dead_tuples.pct < 20%", "verify: db.locks.waiting < 1", ""},
		{"in other units", "when: db.dead_tuples.pct > 20% or db.locks.waiting > 0\naction: pg.vacuum\nwith: {table: $table}\nverify: db.dead_tuples.pct < 20%", "when: db.tx.longest > 5m\naction: pg.vacuum\nwith: {table: $table}\nverify: db.tx.longest < 300s", ""},
		{"twice", "id: which", "id: vacuum", "small.md:43: a step vacuum stands above"},
		{"titles twice", "### By hand", "### Vacuum it\nDo it.\n### Vacuum it", "small.md:42: a step vacuum-it stands above"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := Parse("small.md", []byte(strings.Replace(small, tt.from, tt.to, 1)))
			if err != nil {
				t.Fatal(err)
			}
			k := known()
			k.Rules.Rules = []alert.Rule{{ID: "db.query.slow", Runbook: "small"}}
			var got []string
			for _, f := range Lint([]Book{b}, k) {
				got = append(got, f.String())
			}
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got\n%s\nwant\n%s", text, tt.want)
			}
		})
	}
}
