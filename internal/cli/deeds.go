package cli

import (
	"log/slog"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
)

// deedsOf are the actions on this target that helped of late, for the verdict.
func (p *program) deedsOf(calls []audit.Call) []alert.Deed {
	var out []alert.Deed
	for _, c := range calls {
		if c.Result == nil || c.Effect == nil || c.Effect.Verdict != string(actions.Helped) || c.Result.Target != p.target.Name {
			continue
		}
		d := alert.Deed{Action: c.Result.Action, Args: argsOf(c.Intent.Params), Text: c.Result.Action, At: c.Result.At.Time}
		if !d.Recent(time.Now()) {
			continue
		}
		for _, e := range c.Effect.Effects {
			if e.Before != nil && e.After != nil {
				d.Effects = append(d.Effects, alert.Effect{Metric: e.Metric, Before: *e.Before, After: *e.After})
			}
		}
		if a, ok := p.runner.Find(d.Action); ok {
			d.Text = a.Title + aimOf(a, c.Intent)
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
	return p.deedsOf(audit.Calls(entries))
}
