package host

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
)

func TestMemoryLimit(t *testing.T) {
	const total = 16 << 30
	tests := []struct {
		tree  string
		total uint64
		want  Memory
		ok    bool
	}{
		{"v2", total, Memory{Limit: 2 << 30, Free: free(1280 << 20)}, true},
		{"v2", 1 << 30, Memory{}, false}, // the machine has less than the limit
		{"container", total, Memory{Limit: 512 << 20, Free: free(0)}, true},
		{"v1", total, Memory{Limit: 1 << 30, Free: free(512 << 20)}, true},
		{"blind", total, Memory{Limit: 512 << 20}, true}, // how much is in use is not told
		{"bare", total, Memory{}, false},
		{"broken", total, Memory{}, false},
		{"absent", total, Memory{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.tree, func(t *testing.T) {
			got, ok := MemoryLimit(os.DirFS("testdata/"+tt.tree), tt.total)
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
				t.Errorf("%v (-want +got):\n%s", ok, diff)
			}
		})
	}
}

func free(bytes uint64) *uint64 { return &bytes }

func TestPressure(t *testing.T) {
	tests := []struct {
		tree string
		want *model.Pressure
	}{
		{"v2", &model.Pressure{CPU: 4.87, Memory: 0.5, IO: 12}},
		{"bare", nil},
		{"broken", nil},
	}
	for _, tt := range tests {
		t.Run(tt.tree, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Pressure(os.DirFS("testdata/"+tt.tree))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWholeDisks(t *testing.T) {
	got := slices.Sorted(maps.Keys(WholeDisks(os.DirFS("testdata/v2"))))
	if diff := cmp.Diff([]string{"nvme0n1", "sda"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := WholeDisks(os.DirFS("testdata/bare")); got != nil {
		t.Errorf("got %v without /sys/block", got)
	}
}

func TestUpwards(t *testing.T) {
	for dir, want := range map[string][]string{
		"/":        {""},
		"/a/b":     {"/a/b", "/a", ""},
		"/../../k": {"/k", ""},
	} {
		if diff := cmp.Diff(want, upwards(dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dir, diff)
		}
	}
}
