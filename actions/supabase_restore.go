package actions

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// restoreLimit is how long a restore is watched: it grows with the database.
const restoreLimit = 2 * time.Hour

// SupabaseRestore declares that the whole database is put back to a point in
// time. What is newer is lost.
func SupabaseRestore(s Supabase) Action {
	return Action{
		ID: "supabase.restore", Title: "Restore database", Verb: "restore it", Danger: Destructive,
		Params:  []Param{{Name: "at", Type: TypeTime, Help: "point in time: 2006-01-02T15:04:05Z"}},
		Blocked: s.blocked, Plan: s.planRestore, Run: s.restore,
	}
}

func (s Supabase) planRestore(ctx context.Context, args Args) (Plan, error) {
	project, err := asked(ctx, s, (*supabase.Client).Project)
	if err != nil {
		return Plan{}, err
	}
	backups, err := asked(ctx, s, (*supabase.Client).Backups)
	if err != nil {
		return Plan{}, err
	}
	at, _ := time.Parse(time.RFC3339Nano, args["at"])
	at = at.UTC().Truncate(time.Second)
	oldest, latest := time.Unix(backups.Physical.Earliest, 0).UTC(), time.Unix(backups.Physical.Latest, 0).UTC()
	p := Plan{
		Target: project.Ref, Args: Args{"at": at.Format(time.RFC3339)}, Refuse: steady(project),
		Reason:    "everything that is newer is lost",
		Steps:     []string{fmt.Sprintf("POST database/backups/restore-pitr: recovery_time_target_unix %d (%s)", at.Unix(), at.Format(time.RFC3339))},
		Preflight: map[string]any{"oldest": oldest.Format(time.RFC3339), "latest": latest.Format(time.RFC3339), "status": project.Status},
	}
	switch {
	case !backups.PITR:
		p.Refuse = "point-in-time recovery is not bought for this project"
	case at.Before(oldest):
		p.Refuse = "the oldest point is " + oldest.Format(time.RFC3339)
	case at.After(latest):
		p.Refuse = "the newest point is " + latest.Format(time.RFC3339)
	}
	p.Notes = []Note{
		{"loses", fmt.Sprintf("all that was written since %s: %s of every table%s", at.Format("2006-01-02 15:04:05Z"), took(s.now().Sub(at)), s.written())},
		{"goes down", "the whole project until it is restored: minutes, hours for a large database"},
		{"cannot", "be stopped, nor taken back: there is no backup of what is newer unless you take one first"},
		{"will not", "put files in storage back, only what the database says of them"},
		{"window", oldest.Format("2006-01-02 15:04Z") + " to " + latest.Format("2006-01-02 15:04Z")},
		{"replicas", "read replicas have to be made anew"},
	}
	return p, nil
}

// written says how much is written at present; "" where that is not known.
func (s Supabase) written() string {
	if s.Facts == nil {
		return ""
	}
	if rate, ok := s.Facts.Fact("db.commits", nil); ok {
		return fmt.Sprintf(", with %s transactions a second now", amount(rate.Value, model.None))
	}
	return ""
}

func (s Supabase) restore(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	at, err := time.Parse(time.RFC3339, p.Args["at"])
	if err != nil {
		return Result{}, err
	}
	project, err := asked(ctx, s, (*supabase.Client).Project)
	if err != nil {
		return Result{}, err
	}
	if why := steady(project); why != "" {
		return Result{}, fmt.Errorf("%s: nothing was done", why)
	}
	began := time.Now()
	unknown, refused := s.accepted(ctx, func(c *supabase.Client) error { return c.Restore(ctx, at) })
	if refused != nil {
		return Result{}, refused
	}
	w := &projectWatch{Supabase: s, began: began, reached: s.databaseUp}
	err = follower{Supabase: s, limit: restoreLimit, step: step, lost: unknown}.wait(ctx, w.seen)
	return outcome(p, err, fmt.Sprintf("the database is as of %s after %s", p.Args["at"], took(time.Since(began))))
}

// databaseUp tells whether the database of a project that is back is healthy.
func (s Supabase) databaseUp(ctx context.Context) (bool, error) {
	services, err := asked(ctx, s, (*supabase.Client).Health)
	for _, one := range services {
		if one.Name == "db" {
			return one.Healthy, err
		}
	}
	return false, err
}

// seen is look for a change whose end cannot be told from its beginning: a
// project that was never seen on its way may not have begun.
func (w *projectWatch) seen(ctx context.Context) (sight, error) {
	saw, err := w.look(ctx)
	if saw.done && !w.left {
		return sight{text: saw.text + " and was not seen to restore"}, nil
	}
	return saw, err
}
