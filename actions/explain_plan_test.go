package actions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told is what is found in a plan, as text.
func told(t *testing.T, answer string, s surroundings) string {
	t.Helper()
	ps, err := readPlans(answer)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range ps.found(s) {
		mark := "  "
		if f.Heed {
			mark = "! "
		}
		b.WriteString(mark + strings.Repeat("  ", f.Depth) + f.Text + "\n")
	}
	return b.String()
}

func TestPlanTold(t *testing.T) {
	large := surroundings{workMem: 4 << 20, tables: map[string]explained{
		"public.orders": {Rows: 60_000, Bytes: 24 << 20}, "public.items": {Rows: 900, Bytes: 80 << 10}, "public.fresh": {Rows: -1, Bytes: 90 << 20},
	}}
	tests := []struct {
		name, answer, want string
	}{
		{"a limit pays a part of what is under it", `[{"Plan": {"Node Type": "Limit", "Total Cost": 10, "Plan Rows": 5, "Plans": [
			{"Node Type": "Sort", "Parent Relationship": "Outer", "Total Cost": 100, "Plan Rows": 50, "Plan Width": 8, "Sort Key": ["at", "id"], "Plans": [
			{"Node Type": "Index Scan", "Parent Relationship": "Outer", "Schema": "public", "Relation Name": "items", "Alias": "i", "Index Name": "items_pkey", "Index Cond": "(id = $1)", "Total Cost": 60, "Plan Rows": 50}]}]}}]`,
			`  stands out
  nothing: no large table is read from end to end, no step runs very often
  plan, estimated
  Limit: 5 rows, cost 10
    Sort: 50 rows, cost 100, 40 % its own
        sort by at, id
      Index Scan using items_pkey on public.items i: 50 rows, cost 60, 60 % its own
          index condition (id = $1)
`},
		{"the inner side of a loop is paid many times", `[{"Plan": {"Node Type": "Nested Loop", "Join Type": "Left", "Total Cost": 1100, "Plan Rows": 2000, "Plans": [
			{"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Schema": "public", "Relation Name": "fresh", "Alias": "fresh", "Total Cost": 100, "Plan Rows": 20000},
			{"Node Type": "Seq Scan", "Parent Relationship": "Inner", "Schema": "public", "Relation Name": "items", "Alias": "items", "Filter": "(a = $1)", "Total Cost": 0.05, "Plan Rows": 1}]}}]`,
			`  stands out
! a nested loop runs Seq Scan on public.items about 20,000 times and looks at about 20,000 pairs
! public.fresh is read from end to end, 90 MiB: no condition on it narrows that
! public.items is read from end to end, 80 KiB, about 900 rows, about 20,000 times, for about 1 row with (a = $1): an index on that may help
  plan, estimated
! Nested Loop Left Join: 2,000 rows, cost 1,100
!   Seq Scan on public.fresh: 20,000 rows, cost 100, 9 % its own
!   Seq Scan on public.items: 1 row, cost 0, 91 % its own
        filter (a = $1)
`},
		{"what is kept is read once", `[{"Plan": {"Node Type": "ModifyTable", "Operation": "Delete", "Schema": "public", "Relation Name": "orders", "Alias": "orders", "Total Cost": 500, "Plan Rows": 0, "Plans": [
			{"Node Type": "Nested Loop", "Join Type": "Inner", "Parent Relationship": "Outer", "Total Cost": 500, "Plan Rows": 10, "Plans": [
			{"Node Type": "Index Scan", "Parent Relationship": "Outer", "Schema": "public", "Relation Name": "orders", "Alias": "orders", "Index Name": "orders_pkey", "Filter": "(state = $1)", "Total Cost": 400, "Plan Rows": 900},
			{"Node Type": "Materialize", "Parent Relationship": "Inner", "Total Cost": 0.1, "Plan Rows": 9, "Plans": [
			{"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Schema": "public", "Relation Name": "items", "Alias": "items", "Total Cost": 5, "Plan Rows": 9}]}]}]}}]`,
			`  stands out
! public.orders is read along orders_pkey from one end, until rows with (state = $1) are found: no condition narrows that
  plan, estimated
  Delete on public.orders: cost 500
    Nested Loop: 10 rows, cost 500, 2 % its own
!     Index Scan using orders_pkey on public.orders: 900 rows, cost 400, 80 % its own
          filter (state = $1)
      Materialize: 9 rows, cost 0, 17 % its own
        Seq Scan on public.items: 9 rows, cost 5, 1 % its own
`},
		{"a sort beyond the memory", `[{"Plan": {"Node Type": "Aggregate", "Strategy": "Sorted", "Partial Mode": "Finalize", "Group Key": ["a"], "Total Cost": 9, "Plan Rows": 1, "Plans": [
			{"Node Type": "Sort", "Total Cost": 9, "Plan Rows": 100000, "Plan Width": 100, "Plans": [
			{"Node Type": "Hash Join", "Join Type": "Left", "Parallel Aware": true, "Hash Cond": "(a = b)", "Total Cost": 9, "Plan Rows": 100000}]}]}}, "Utility Statement"]`,
			`  stands out
! a sort of about 9.5 MiB does not fit into work_mem, 4.0 MiB: it goes through temporary files
  plan, estimated
  Finalize GroupAggregate: 1 row, cost 9
      group by a
!   Sort: 100,000 rows, cost 9
      Parallel Hash Left Join: 100,000 rows, cost 9, 100 % its own
          join (a = b)
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(t, tt.answer, large)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoPlan(t *testing.T) {
	for _, answer := range []string{`["Utility Statement"]`, `[]`, ``, `{}`, `[{"Plan": null}]`} {
		if ps, err := readPlans(answer); err == nil {
			t.Errorf("%q gave %v", answer, ps)
		}
	}
}
