package cli

import (
	"fmt"
	"log/slog"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
)

// deedsOf are the actions on this target that helped of late, for the verdict.
func (p *program) deedsOf(entries []audit.Entry) []alert.Deed {
	intents, helped := map[string]audit.Entry{}, map[string]bool{}
	for _, e := range entries {
		switch e.Phase {
		case audit.Intent:
			intents[e.ID] = e
		case audit.Effect:
			helped[e.ID] = e.Verdict == string(actions.Helped)
		}
	}
	var out []alert.Deed
	for _, e := range entries {
		d := alert.Deed{Action: e.Action, Args: map[string]string{}, Text: e.Action, At: e.At.Time}
		if e.Phase != audit.Result || !helped[e.ID] || e.Target != p.target.Name || !d.Recent(time.Now()) {
			continue
		}
		intent := intents[e.ID]
		for name, value := range intent.Params {
			d.Args[name] = fmt.Sprint(value)
		}
		if a, ok := p.runner.Find(e.Action); ok {
			d.Text = a.Title + aimOf(a, intent)
		}
		out = append(out, d)
	}
	return out
}

// deeds reads them from the audit; none where that cannot be read.
func (p *program) deeds() []alert.Deed {
	entries, err := audit.List(p.state.root)
	if err != nil {
		slog.Warn("the audit cannot be read", "error", err)
	}
	return p.deedsOf(entries)
}
