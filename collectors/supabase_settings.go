package collectors

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// SupabaseSettings reads the pooler, the read replicas and the settings of a
// project. Source: the management API, two requests.
type SupabaseSettings struct{ Client *supabase.Client }

// Collect reads them once.
func (s SupabaseSettings) Collect(ctx context.Context) (model.SupabaseSettings, error) {
	var out model.SupabaseSettings
	var p partly
	if poolers, err := s.Client.Poolers(ctx); p.part("the pooler", err) {
		out.Pooler, out.Replicas = primary(poolers)
	}
	if settings, err := s.Client.Postgres(ctx); p.part("the settings", err) {
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			out.Settings = append(out.Settings, model.ManagedSetting{Name: name, Value: settingText(settings[name])})
		}
	}
	var err error
	out.Hidden, err = p.result()
	return out, err
}

// primary is the pooler before the primary, and the replicas that there are.
func primary(poolers []supabase.Pooler) (*model.ManagedPooler, []model.ManagedReplica) {
	var own *model.ManagedPooler
	var replicas []model.ManagedReplica
	for _, one := range poolers {
		switch {
		case one.Type == "READ_REPLICA":
			replicas = append(replicas, model.ManagedReplica{ID: one.Identifier, Host: one.Host})
		case own == nil: // the primary may be listed once for each mode
			own = &model.ManagedPooler{Mode: one.Mode, Size: one.Size, MaxClients: one.MaxClients}
		}
	}
	return own, replicas
}

// settingText writes a setting as the API has it: text bare, all else as JSON.
func settingText(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
