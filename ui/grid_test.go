package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func people() Table {
	row := func(key, name string, age float64, known bool) Row {
		return Row{Key: key, Cells: []Cell{{Text: name}, {Text: fmt.Sprint(age), Num: age, HasNum: known}}}
	}
	return Table{
		Columns: []Column{{Name: "name", Title: "name"}, {Name: "age", Title: "age", Width: 5, Right: true, Drop: 1}},
		Rows:    []Row{row("a", "Ana", 9, true), row("b", "ben", 10, true), row("c", "Cem [red]", 0, false), row("d", "dora", 80, true)},
	}
}

func keysOf(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.Key)
	}
	return b.String()
}

func TestFilter(t *testing.T) {
	tests := []struct{ filter, want string }{
		{"", "abcd"}, {"a", "ad"}, {"ANA", "a"}, {"!a", "bc"}, {"~da", "d"}, {"!~da", "abc"},
		{"name:b", "b"}, {"age>9", "bd"}, {"age<10", "a"}, {"age>9 !dora", "b"}, {`"m ["`, "c"},
		{"[red]", "c"}, {"nobody:x", ""}, {"age>x", ""}, {"!", ""}, {"(", ""}, {":", ""}, {"name:", ""},
	}
	table := people()
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			g := grid{filter: parseFilter(tt.filter)}
			g.show(&table)
			if got := keysOf(g.rows); got != tt.want {
				t.Errorf("%q shows %q, want %q", tt.filter, got, tt.want)
			}
		})
	}
}

func TestSortIsByValueAndUnknownComesLast(t *testing.T) {
	table := people()
	g := grid{}
	for _, want := range []string{"dbac", "abdc"} {
		g.sortBy(&table, "age")
		g.show(&table)
		if got := keysOf(g.rows); got != want {
			t.Errorf("by age: %q, want %q", got, want)
		}
	}
	g.sortBy(&table, "name")
	g.show(&table)
	if got := keysOf(g.rows); got != "abcd" {
		t.Errorf("by name: %q, want abcd", got)
	}
	if got := keysOf(table.Rows); got != "abcd" {
		t.Errorf("the frame's rows were sorted: %q", got)
	}
}

func TestSelectionFollowsTheThing(t *testing.T) {
	table := people()
	g := grid{}
	g.show(&table)
	g.move(1)
	if g.selected != "b" {
		t.Fatalf("selected %q, want b", g.selected)
	}
	table.Rows = []Row{table.Rows[3], table.Rows[2], table.Rows[1]}
	g.show(&table)
	if row, _ := g.row(); row.Key != "b" || g.line != 2 {
		t.Errorf("after a refresh %q at %d is selected, want b at 2", row.Key, g.line)
	}
	table.Rows = table.Rows[:2]
	g.show(&table)
	if row, ok := g.row(); !ok || row.Key != "c" {
		t.Errorf("after b went %q is selected, want the row in its place", row.Key)
	}
	table.Rows = nil
	g.show(&table)
	if _, ok := g.row(); ok {
		t.Error("a row of an empty table is selected")
	}
	g.move(1)
}

func TestFit(t *testing.T) {
	columns := []Column{{Width: 6}, {Width: 8, Drop: 2}, {Width: 10, Drop: 1}, {}}
	tests := []struct {
		width int
		want  []int
	}{
		{80, []int{6, 8, 10, 51}},
		{45, []int{6, 8, 10, 16}},
		{40, []int{6, 0, 10, 20}},
		{24, []int{6, 0, 0, 15}},
		{10, []int{6, 0, 0, 1}},
		{1, []int{0, 0, 0, 0}},
		{0, []int{0, 0, 0, 0}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, fit(columns, tt.width)); diff != "" {
			t.Errorf("in %d cells (-want +got):\n%s", tt.width, diff)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"a:b", "!~x", `"`, "age>1e309", "::", "<>", "\xff", "a\x00b"} {
		f.Add(s)
	}
	table := people()
	f.Fuzz(func(_ *testing.T, text string) {
		g := grid{filter: parseFilter(text)}
		g.show(&table)
	})
}
