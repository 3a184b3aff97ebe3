package collectors

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// SupabaseBackups reads what a project can be put back to.
// Source: the management API, one request.
type SupabaseBackups struct {
	Client *supabase.Client
	Now    func() time.Time // nil is time.Now
}

// Collect lists the backups once.
func (s SupabaseBackups) Collect(ctx context.Context) (model.SupabaseBackups, error) {
	got, err := s.Client.Backups(ctx)
	if err != nil {
		return model.SupabaseBackups{}, fmt.Errorf("list the backups: %w", err)
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	out := model.SupabaseBackups{
		Read: now().UTC(), PITR: got.PITR,
		Oldest: sinceEpoch(got.Physical.Earliest), Latest: sinceEpoch(got.Physical.Latest),
	}
	for _, b := range got.List {
		out.List = append(out.List, model.ManagedBackup{ID: b.ID, At: b.At.Time(), Status: b.Status})
	}
	slices.SortStableFunc(out.List, func(a, b model.ManagedBackup) int { return b.At.Compare(a.At) })
	return out, nil
}

// sinceEpoch is an instant in seconds of the epoch; zero for 0.
func sinceEpoch(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
