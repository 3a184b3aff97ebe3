package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/vercel"
)

const (
	switchLimit  = 3 * time.Minute
	switchPoll   = time.Second
	acceptWithin = 15 * time.Second // of a request whose answer was lost
)

// VercelSwitch points production of a Vercel project at another build.
type VercelSwitch struct{ Client *vercel.Client }

// Busy says which switch is under way.
func (v VercelSwitch) Busy(ctx context.Context) (string, error) {
	project, err := v.Client.Project(ctx)
	if err != nil {
		return "", fmt.Errorf("read the project: %w", err)
	}
	if last := project.LastSwitch; last != nil && !last.Done() {
		return fmt.Sprintf("a %s to %s (%s)", last.Kind, last.To, last.Status), nil
	}
	return "", nil
}

// Notes tell what Vercel does beside pointing production at the build. What
// cannot be read of it is told as not known.
func (v VercelSwitch) Notes(ctx context.Context, s SwitchCase) []Note {
	notes := []Note{{"environment", v.environment(ctx, s)}, {"cron jobs", "become those of that build"}}
	project, err := v.Client.Project(ctx)
	if err == nil && len(project.Crons) > 0 {
		notes[1].Text += "; today's: " + cronNames(project.Crons)
	}
	if s.Kind == Promote {
		return notes
	}
	if project.Plan == "hobby" {
		notes = append(notes, Note{"plan", "hobby: only the build that served before the live one can be rolled back to"})
	}
	return append(notes, Note{"afterwards", "new builds do not go live until one is promoted (u takes it back)"})
}

// environment says which variables the build does not know as they are today.
func (v VercelSwitch) environment(ctx context.Context, s SwitchCase) string {
	all, err := v.Client.Environment(ctx)
	if err != nil {
		return "that of the build; what changed since is not known: " + err.Error()
	}
	var changed []string
	for _, e := range all {
		if e.Production && e.Updated.After(s.To.Created) {
			changed = append(changed, e.Key)
		}
	}
	if len(changed) == 0 {
		return "that of the build; no variable of production was changed since"
	}
	slices.Sort(changed)
	return fmt.Sprintf("that of the build: without what was changed since in %s (a variable that was removed is not to be seen)", shortList(changed))
}

func cronNames(crons []vercel.Cron) string {
	var names []string
	for _, c := range crons {
		names = append(names, fmt.Sprintf("%s (%s)", c.Path, c.Schedule))
	}
	return shortList(names)
}

// shortList joins the first few names and counts the others.
func shortList(names []string) string {
	const shown = 5
	text := strings.Join(names[:min(len(names), shown)], ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Switch asks once and then watches until Vercel says that it succeeded and
// production really is that build.
func (v VercelSwitch) Switch(ctx context.Context, o SwitchOrder) error {
	before, err := v.Client.Project(ctx)
	if err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	w := vercelWatch{client: v.Client, kind: o.Kind, id: o.ID, limit: switchLimit, tell: o.Tell}
	if before.LastSwitch != nil {
		w.before = *before.LastSwitch
	}
	ask := v.Client.Rollback
	if o.Kind == Promote {
		ask = v.Client.Promote
	}
	switch err := ask(ctx, o.ID); {
	case err == nil:
	case vercel.Refused(err):
		return err
	default:
		w.limit, w.lost = acceptWithin, err
	}
	return w.wait(ctx)
}

// vercelWatch follows one switch to its end.
type vercelWatch struct {
	client *vercel.Client
	kind   SwitchKind
	id     string
	before vercel.Switch // the newest switch before ours; zero when there was none
	limit  time.Duration
	lost   error // why the request had no answer; nil when it was accepted
	tell   func(string)
}

func (w *vercelWatch) wait(ctx context.Context) error {
	began := time.Now()
	tick := time.NewTicker(switchPoll)
	defer tick.Stop()
	state := "not begun"
	for time.Since(began) < w.limit {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: no longer watched, Vercel goes on with it: %s", ErrUnsure, state)
		}
		project, err := w.client.Project(ctx)
		if err != nil {
			state = err.Error()
			continue // a change is watched until its time is up, whatever one read says
		}
		last, ours := w.ours(project)
		if !ours {
			continue
		}
		w.limit, w.lost, state = switchLimit, nil, last.Status
		w.tell("Vercel: " + last.Status)
		if last.Status == "succeeded" && project.Production == w.id {
			return w.left(ctx)
		}
		if last.Done() && last.Status != "succeeded" {
			return fmt.Errorf("the %s %s at Vercel: production serves what it served before", w.kind, last.Status)
		}
	}
	if w.lost != nil {
		return fmt.Errorf("%w: the request had no answer (%w) and Vercel shows no %s", ErrUnsure, w.lost, w.kind)
	}
	return fmt.Errorf("%w: after %s Vercel says %s", ErrUnsure, took(w.limit), state)
}

// left says which host names a switch left where they were. That the list
// cannot be read is no reason to doubt what the project says.
func (w *vercelWatch) left(ctx context.Context) error {
	failed, err := w.client.FailedAliases(ctx, string(w.kind))
	if err == nil && len(failed) > 0 {
		return fmt.Errorf("%w: production serves it, but %s could not be moved", ErrUnsure, shortList(failed))
	}
	return nil
}

// ours finds the switch that we asked for: newer than the one before, so that
// no two clocks are compared.
func (w *vercelWatch) ours(p vercel.Project) (vercel.Switch, bool) {
	last := p.LastSwitch
	if last == nil || last.Kind != string(w.kind) || last.To != w.id || last.Requested.Equal(w.before.Requested) {
		return vercel.Switch{}, false
	}
	return *last, true
}
