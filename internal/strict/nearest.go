package strict

import (
	"fmt"
	"slices"
	"strings"
)

// unknown says that a name is not known, and what may have been meant.
func unknown(kind, name string, valid []string) string {
	if near, ok := Nearest(name, valid); ok {
		return fmt.Sprintf("unknown %s %q: did you mean %q?", kind, name, near)
	}
	sorted := slices.Sorted(slices.Values(valid))
	return fmt.Sprintf("unknown %s %q: known are %s", kind, name, strings.Join(sorted, ", "))
}

// Unknown makes an error about a name at a path, with what may have been meant.
func (d *Doc) Unknown(path []any, kind, name string, valid []string) error {
	return d.Errorf(path, "%s", unknown(kind, name, valid))
}

// Nearest finds the valid name that is a slip or two away; not ok when none is.
func Nearest(name string, valid []string) (near string, ok bool) {
	best := max(2, len(name)/3) + 1
	for _, candidate := range slices.Sorted(slices.Values(valid)) {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < best {
			near, best, ok = candidate, d, true
		}
	}
	return near, ok
}

// distance counts the letters to insert, delete or replace to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
