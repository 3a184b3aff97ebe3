package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

func TestCompleteTarget(t *testing.T) {
	path, _ := configFile(t, "redis: {url: \"redis://127.0.0.1:1\"}")
	for config, want := range map[string][]string{path: {"demo"}, "missing.yaml": nil} {
		var complete cobra.CompletionFunc = (&command{config: config}).completeTarget
		if got, _ := complete(nil, nil, ""); !cmp.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", config, got, want)
		}
	}
}
