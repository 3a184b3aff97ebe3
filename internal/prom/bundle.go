package prom

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// bundleLabel tells the parts of a bundle apart.
const bundleLabel = "tocsin"

// Bundle makes one expression of several, so that they are asked for at once
// and hold for one instant. [Unbundle] takes the answer apart.
func Bundle(expressions map[string]string) string {
	parts := make([]string, 0, len(expressions))
	for _, name := range slices.Sorted(maps.Keys(expressions)) {
		parts = append(parts, fmt.Sprintf(`label_replace((%s), "%s", "%s", "__name__", ".*")`, expressions[name], bundleLabel, name))
	}
	return strings.Join(parts, " or ")
}

// Unbundle gives the series of each part of a bundle by its name.
func Unbundle(all []Sample) map[string][]Sample {
	out := map[string][]Sample{}
	for _, s := range all {
		name := s.Labels[bundleLabel]
		delete(s.Labels, bundleLabel)
		out[name] = append(out[name], s)
	}
	return out
}
