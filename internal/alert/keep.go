package alert

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// kept is the form in which the state of the rules lies on disk.
type kept struct {
	Version int      `json:"version"`
	Series  []series `json:"series"`
}

// keptVersion rises when the form changes in a way an older program cannot read.
const keptVersion = 1

// Export gives what must be remembered so that a restart neither fires again
// nor forgets: one JSON document for the state folder.
func (e *Engine) Export() ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := kept{Version: keptVersion, Series: []series{}}
	for _, key := range slices.Sorted(maps.Keys(e.series)) {
		if s := e.series[key]; s.kept() {
			out.Series = append(out.Series, s)
		}
	}
	return json.Marshal(out)
}

// Import takes up what Export gave, before the first step. Series of rules
// that no longer exist are left out.
func (e *Engine) Import(data []byte) error {
	in, err := parse(data)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range in.Series {
		if _, ok := e.set.Rule(s.Rule); ok {
			e.series[keyOf(s.Rule, s.Labels)] = s
			e.now = s.Last
		}
	}
	e.publish()
	return nil
}

// Merge takes from what another program exported that which people said of the
// alerts there: the newest word counts, and who said nothing takes back
// nothing. How the alerts stand remains the engine's own finding.
func (e *Engine) Merge(data []byte) error {
	in, err := parse(data)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, other := range in.Series {
		key := keyOf(other.Rule, other.Labels)
		if s, ok := e.series[key]; ok {
			e.series[key] = s.told(other)
		}
	}
	e.publish()
	return nil
}

func parse(data []byte) (kept, error) {
	var in kept
	if err := json.Unmarshal(data, &in); err != nil {
		return in, fmt.Errorf("state of the alert rules: %w", err)
	}
	if in.Version != keptVersion {
		return in, fmt.Errorf("state of the alert rules: form %d, this program reads %d", in.Version, keptVersion)
	}
	return in, nil
}
