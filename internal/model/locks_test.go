package model

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLockTree(t *testing.T) {
	tests := []struct {
		name    string
		blocked map[int][]int
		want    string // pid(waits) and, in brackets, those below
	}{
		{"nobody", map[int][]int{1: nil, 2: nil}, ""},
		{"one root", map[int][]int{1: nil, 2: {1}, 3: {1}}, "1(2)[2 3]"},
		{"chain", map[int][]int{1: nil, 2: {1}, 3: {2}}, "1(2)[2(1)[3]]"},
		{"below the root although others wait in front", map[int][]int{1: nil, 2: {1}, 3: {2, 1}}, "1(2)[2 3]"},
		{"the root most wait for comes first", map[int][]int{1: nil, 2: {1}, 5: nil, 6: {5}, 7: {5}}, "5(2)[6 7] 1(1)[2]"},
		{"prepared transaction", map[int][]int{2: {0}, 3: {0}}, "0(2)[2 3]"},
		{"blocker is gone", map[int][]int{2: {9}}, "9(1)[2]"},
		{"circle", map[int][]int{1: {3}, 2: {1}, 3: {2}}, "1(2)[2(1)[3]]"},
		{"waits for itself", map[int][]int{1: {1}}, "1"},
		{"circle with a tail", map[int][]int{1: {2}, 2: {1}, 4: {2}}, "1(2)[2(1)[4]]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var a Activity
			for pid, by := range tt.blocked {
				a.Sessions = append(a.Sessions, Session{PID: pid, BlockedBy: by})
			}
			if diff := cmp.Diff(tt.want, drawn(a.LockTree())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func drawn(trees []*Waiter) string {
	var out []string
	for _, w := range trees {
		text := strconv.Itoa(w.PID)
		if w.Waits > 0 {
			text += "(" + strconv.Itoa(w.Waits) + ")[" + drawn(w.Below) + "]"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}
