package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
	"tocsin/internal/testkit"
)

// kindOfWork is a statement of the company: how often it is called, and what a
// call does.
type kindOfWork struct {
	id      int64
	text    string
	calls   float64 // a second
	mean    time.Duration
	reads   int64
	written int64 // bytes of WAL
	temp    int64
}

func kindsOfWork() []kindOfWork {
	return []kindOfWork{
		{id: 11, text: "SELECT id, name, email FROM users WHERE id = $1", calls: 410, mean: 2967 * time.Microsecond},
		{id: 12, text: "SELECT o.id, o.total\n  FROM orders o\n  JOIN order_items i ON i.order_id = o.id\n WHERE o.user_id = $1", calls: 31, mean: 7527 * time.Microsecond},
		{id: 13, text: "INSERT INTO events (kind, payload) VALUES ($1, $2)", calls: 31, mean: 3226 * time.Microsecond, written: 412},
		{id: 14, text: "SELECT p.id, p.name, sum(i.quantity) FROM products p JOIN order_items i ON i.product_id = p.id GROUP BY p.id", calls: 0.05,
			mean: 4100 * time.Millisecond, reads: 4200, temp: 9 << 20},
		{id: 15, text: model.OwnMark + "SELECT a.pid FROM pg_stat_activity AS a", calls: 0.5, mean: 4 * time.Millisecond},
	}
}

// slowedBy is how much longer the joins take while their index is missing.
const slowedBy = 24

// statementCounts is what the server has counted by an instant; for so long the
// joins have been slow.
func statementCounts(now time.Time, slow time.Duration) *model.StatementCounts {
	day := now.Truncate(24 * time.Hour).Add(-24 * time.Hour)
	var entries []model.StatementCount
	for _, k := range kindsOfWork() {
		n := func(d time.Duration) int64 { return int64(k.calls * d.Seconds()) }
		calls, slowCalls := n(now.Sub(day)), int64(0)
		if k.id == 12 {
			slowCalls = n(now.Sub(day)) - n(now.Sub(day)-slow)
		}
		entries = append(entries, model.StatementCount{StatementID: model.StatementID{ID: k.id, Role: 10, Database: 5, TopLevel: true},
			StatementWork: model.StatementWork{Calls: calls, Rows: 3 * calls, Total: time.Duration(calls+(slowedBy-1)*slowCalls) * k.mean,
				Hits: 40*calls + 900*slowCalls, Reads: calls/10 + k.reads*calls + 40*slowCalls, TempBytes: k.temp * calls, WALBytes: k.written * calls}})
	}
	return model.CountStatements(model.StatementHead{At: now, Started: day, Reset: day, All: true}, entries)
}

// statementsAt is the last step up to an instant, and what is remembered of
// those before it.
func statementsAt(now time.Time, slow time.Duration) model.Statements {
	const step, ticks = 10 * time.Second, 72
	v := model.Statements{Names: model.StatementNames{Texts: map[int64]string{}, Roles: map[int64]string{10: "app"}, Databases: map[int64]string{5: "shop"}}}
	for _, k := range kindsOfWork() {
		v.Names.Texts[k.id] = k.text
	}
	before := statementCounts(now.Add(-ticks*step), max(slow-ticks*step, 0))
	for i := ticks - 1; i >= 0; i-- {
		ago := time.Duration(i) * step
		v.Counts = statementCounts(now.Add(-ago), max(slow-ago, 0))
		since, _ := v.Since(before)
		tick := model.StatementTick{At: v.Counts.At, Elapsed: step}
		for _, row := range since.Rows {
			tick.Rows = append(tick.Rows, model.StatementCount{StatementID: row.StatementID, StatementWork: row.StatementWork})
		}
		v.Past, v.Rows, v.Elapsed, before = append(v.Past, tick), since.Rows, step, v.Counts
	}
	return v
}

// calmStatements are those of a minute without trouble, the three that take
// most time.
func calmStatements(now time.Time) *model.Statements {
	v := statementsAt(now, 0)
	row := func(id, calls int64, total time.Duration, share float64) model.Statement {
		return model.Statement{StatementID: model.StatementID{ID: id, Role: 10, Database: 5, TopLevel: true}, Text: v.Names.Texts[id], Share: share,
			StatementWork: model.StatementWork{Calls: calls, Rows: 3 * calls, Total: total, Hits: 40 * calls, Reads: calls / 10}}
	}
	v.Elapsed = time.Minute
	v.Rows = []model.Statement{row(11, 24600, 73*time.Second, 61), row(12, 1860, 14*time.Second, 12), row(13, 1860, 6*time.Second, 5)}
	return &v
}

// slowJoins is a company whose joins became slow, six minutes in.
func slowJoins(marked time.Duration) scene {
	return scene{name: "slow-joins", lasting: 372 * time.Second, marked: marked, change: func(v *values, now time.Time, lasting time.Duration) {
		v.statements = ptr(statementsAt(now, lasting))
	}}
}

// TestStatementScreens shows the statements with and without a mark, what
// became slower, and the detail of the one that did.
func TestStatementScreens(t *testing.T) {
	for name, marked := range map[string]time.Duration{"unmarked": 0, "marked": 390 * time.Second} {
		play(t, slowJoins(marked), func(t *testing.T, in In) {
			var b strings.Builder
			for _, size := range [][2]int{{160, 48}, {120, 36}, {80, 24}, {60, 15}} {
				for tab := range 2 {
					fmt.Fprintf(&b, "== tab %d, %dx%d ==\n%s", tab, size[0], size[1], screenshot(t, in, place{page: 2, tab: tab}, size[0], size[1]))
				}
			}
			in.Width = 76
			b.WriteString("== detail ==\n")
			writeLines(&b, statementDetail(in, model.StatementID{ID: 12, Role: 10, Database: 5, TopLevel: true}.Key()))
			testkit.Golden(t, "statements/"+name, b.String())
			checkASCII(t, in)
		})
	}
}

// A mark ends with the counters that it was set on.
func TestVoidMark(t *testing.T) {
	play(t, slowJoins(60*time.Second), func(t *testing.T, in In) {
		s := read(in.View, store.StatementsKey()).Value
		s.Counts = model.CountStatements(s.Counts.StatementHead, s.Counts.Entries)
		s.Counts.Reset = s.Counts.At
		marks := counting{set: in.Counted.Mark}
		st := store.New()
		store.NewCell(st, store.StatementsKey(), store.Source{Every: 10 * time.Second}).Put(s, in.View.Now(), time.Millisecond)
		in.View = st.View()
		in.Counted, in.Width = marks.look(in.View), 100
		for _, frame := range []func(In) Frame{statementsFrame, worseFrame} {
			head := linesText(frame(in).Head)
			if !strings.Contains(head, "! the mark at 00:29:00Z is void: the statistics of statements were reset since; m marks anew") {
				t.Errorf("head:\n%s", head)
			}
		}
		if f := statementsFrame(in); len(f.Table.Rows) != len(s.Rows) {
			t.Errorf("%d rows, want those of the last step", len(f.Table.Rows))
		}
	})
}

// Without a mark the first reading is the one to count from, and the first one
// after the counters ended.
func TestCountingBeginsAnew(t *testing.T) {
	play(t, slowJoins(0), func(t *testing.T, in In) {
		if c := in.Counted; c.Set || !c.At.Equal(in.Since) || c.Since.Elapsed != 30*time.Minute {
			t.Errorf("counted from %s for %s, set %v", c.At, c.Since.Elapsed, c.Set)
		}
		marks := counting{began: Mark{At: in.Since, Counts: &model.StatementCounts{}}} // of another server
		if c := marks.look(in.View); !c.At.Equal(in.View.Now()) || c.Void != "" {
			t.Errorf("counted from %s, void %q", c.At, c.Void)
		}
	})
}

func TestMarkKeys(t *testing.T) {
	play(t, slowJoins(0), func(t *testing.T, in In) {
		s := onStage(t, in, 120, 36)
		s.press("m")
		if s.in.Counted.Set {
			t.Fatal("m works on the overview")
		}
		s.press("2", "m")
		if got := s.text(); !s.in.Counted.Set || !strings.Contains(got, "marked: statements are counted from the reading of 00:30:00Z on; Backspace takes the mark off") {
			t.Fatalf("after m:\n%s", got)
		}
		if got := s.text(); !strings.Contains(got, "the next reading is the first to be counted") {
			t.Errorf("after m:\n%s", got)
		}
		s.press("Esc", "Backspace")
		if got := s.text(); s.in.Counted.Set || !strings.Contains(got, "the mark is off") {
			t.Errorf("after Backspace:\n%s", got)
		}
		s.press("z", "m")
		if got := s.text(); s.in.Counted.Set || !strings.Contains(got, "frozen: z lets go") {
			t.Errorf("a mark in a frozen view:\n%s", got)
		}
	})
}
