package collectors

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Settings reads the settings that are not at their default, and what changed
// since the reading before. It remembers the last reading: one goroutine at a
// time may collect.
type Settings struct {
	Server  *pg.Server
	last    []model.Setting // nil before the first reading
	all     bool            // the last reading saw those for superusers too
	changes []model.SettingChange
}

type settingRow struct {
	At  time.Time
	All bool // the role sees those for superusers too
	model.Setting
}

type settingsReading struct {
	rows []settingRow
	caps pg.Caps
}

// Collect reads on the slow lane.
func (c *Settings) Collect(ctx context.Context) (model.Settings, error) {
	got, err := pg.Read(ctx, c.Server.Slow(), func(ctx context.Context, s *pg.Session) (settingsReading, error) {
		rows, err := list[settingRow](ctx, s, "settings")
		return settingsReading{rows, s.Caps()}, err
	})
	if err != nil || len(got.rows) == 0 {
		return model.Settings{}, err
	}
	first := got.rows[0]
	out := model.Settings{}
	if !first.All {
		out.Hidden = fmt.Sprintf("role %s does not see settings that are for superusers: %s", got.caps.Role, got.caps.GrantMonitor())
	}
	for _, row := range got.rows {
		out.Rows = append(out.Rows, row.Setting)
	}
	if c.last != nil && c.all == first.All {
		c.changes = append(c.changes, settingChanges(c.last, out.Rows, first.At)...)
		c.changes = c.changes[max(0, len(c.changes)-changesKept):]
	}
	c.last, c.all = out.Rows, first.All
	out.Changes = slices.Clone(c.changes)
	return out, nil
}

// atDefault is the value of a setting that is not listed.
const atDefault = "the default"

// settingChanges compares two lists in order of their names.
func settingChanges(was, is []model.Setting, at time.Time) []model.SettingChange {
	var out []model.SettingChange
	values := map[string]string{}
	for _, s := range was {
		values[s.Name] = s.Value
	}
	for _, s := range is {
		before, ok := values[s.Name]
		delete(values, s.Name)
		if !ok {
			before = atDefault
		}
		if before != s.Value && !(s.Restart && !ok) {
			out = append(out, model.SettingChange{At: at, Name: s.Name, From: before, To: s.Value})
		}
	}
	for _, s := range was {
		if before, gone := values[s.Name]; gone {
			out = append(out, model.SettingChange{At: at, Name: s.Name, From: before, To: atDefault})
		}
	}
	return out
}
