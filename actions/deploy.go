package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
)

// nearBuilds is how many builds a rollback may take back with a plain y: the
// further back, the less that build fits the database it will meet.
const nearBuilds = 3

// SwitchKind says which way production is pointed at another build.
type SwitchKind string

// The kinds. A promote also lets new builds go live by themselves again.
const (
	Rollback SwitchKind = "rollback"
	Promote  SwitchKind = "promote"
)

// DeploymentReader reads what runs in production and what could.
type DeploymentReader interface {
	Collect(ctx context.Context) (model.Deployments, error)
}

// Switcher points production at a build that is there already.
type Switcher interface {
	// Busy says which switch is under way; "" when there is none.
	Busy(ctx context.Context) (string, error)
	// Notes are what the card has to say of a switch that is done this way.
	Notes(ctx context.Context, s SwitchCase) []Note
	// Switch returns when production serves the build, and else why not: an
	// error that wraps [ErrUnsure] when it cannot be told.
	Switch(ctx context.Context, o SwitchOrder) error
}

// SwitchCase is a switch that is thought about.
type SwitchCase struct {
	Kind     SwitchKind
	To, Live model.Deployment
}

// SwitchOrder is one switch.
type SwitchOrder struct {
	Call string // its id in the audit
	Kind SwitchKind
	ID   string // of the build
	Tell func(text string)
}

// ErrUnsure says that a change was asked for and its end could not be seen.
var ErrUnsure = errors.New("not known whether it worked")

// Deploys is what the deployment actions work with.
type Deploys struct {
	Read     DeploymentReader // nil where no deployments are configured
	Switch   Switcher
	Migrator Migrator  // nil where no database is configured
	Measures []Measure // the errors and latencies of the applications that are deployed
}

// DeployRollback declares that production goes back to a build that served before.
func DeployRollback(d Deploys) Action {
	return Action{
		ID: "deploy.rollback", Title: "Roll back", Verb: "roll back", Key: 'R', Danger: Disruptive,
		Params:   []Param{{Name: "deployment", Type: TypeDeployment, Optional: true, Help: "id of the build; without it, the newest that served before the live one"}},
		Undo:     "deploy.promote",
		Measures: d.Measures,
		Blocked:  d.blocked,
		Plan:     d.planRollback,
		Run:      d.runner(Rollback),
	}
}

// DeployPromote declares that production goes to a build, and that new builds
// go live by themselves again. It takes a rollback back.
func DeployPromote(d Deploys) Action {
	return Action{
		ID: "deploy.promote", Title: "Promote build", Verb: "promote it", Danger: Disruptive,
		Params:   []Param{{Name: "deployment", Type: TypeDeployment, Help: "id of the build"}},
		Measures: d.Measures,
		Blocked:  d.blocked,
		Plan:     d.planPromote,
		Run:      d.runner(Promote),
	}
}

func (d Deploys) blocked() string {
	if d.Read == nil || d.Switch == nil {
		return "no deployments are configured for this target (vercel or deploy)"
	}
	return ""
}

func (d Deploys) planRollback(ctx context.Context, args Args) (Plan, error) {
	now, err := d.Read.Collect(ctx)
	if err != nil {
		return Plan{}, err
	}
	id := args["deployment"]
	if candidate, ok := now.Candidate(); ok && id == "" {
		id = candidate.ID
	}
	if id == "" {
		return Plan{Target: now.Project, Refuse: "there is no older build that production can go back to"}, nil
	}
	p, to, err := d.planSwitch(ctx, now, id, Rollback)
	if err != nil || p.Refuse != "" {
		return p, err
	}
	if !to.Candidate {
		p.Refuse = to.Name + " cannot be rolled back to: it has not served production, or the plan does not include it"
		return p, nil
	}
	live, _ := now.Live()
	back := between(now, to, live)
	schema, crosses := d.schemaNote(ctx, to.Name, to.Created)
	p.Notes = append(p.Notes, Note{"takes back", takenBack(back)}, schema)
	p.Notes = append(p.Notes, d.Switch.Notes(ctx, SwitchCase{Rollback, to, live})...)
	p.Preflight["builds_back"], p.Preflight["crosses_migrations"] = len(back), crosses
	p.Undo = Args{"deployment": live.ID}
	switch {
	case to.Created.After(live.Created):
		p.Refuse = to.Name + " is newer than the live build " + live.Name + ": promote it"
	case len(back) > nearBuilds, crosses:
		p.Danger = Destructive
	}
	return p, nil
}

func (d Deploys) planPromote(ctx context.Context, args Args) (Plan, error) {
	now, err := d.Read.Collect(ctx)
	if err != nil {
		return Plan{}, err
	}
	p, to, err := d.planSwitch(ctx, now, args["deployment"], Promote)
	if err != nil || p.Refuse != "" {
		return p, err
	}
	live, _ := now.Live()
	p.Notes = append(p.Notes, d.Switch.Notes(ctx, SwitchCase{Promote, to, live})...)
	if now.PromotionOff {
		p.Notes = append(p.Notes, Note{"afterwards", "new builds go live by themselves again"})
	}
	return p, nil
}

// planSwitch is what both ways have in common. It finds the build and refuses
// one that production cannot be pointed at.
func (d Deploys) planSwitch(ctx context.Context, now model.Deployments, id string, kind SwitchKind) (Plan, model.Deployment, error) {
	p := Plan{Target: id, Args: Args{"deployment": id}, Preflight: map[string]any{}}
	live, ok := now.Live()
	if ok {
		p.Args["from"] = live.ID
		p.Preflight["from"], p.Preflight["from_id"] = live.Name, live.ID
	}
	to, found := findBuild(now, id)
	busy, err := d.Switch.Busy(ctx)
	switch {
	case err != nil:
		return Plan{}, to, err
	case !found:
		p.Refuse = "there is no production build " + id + " among the newest"
	case to.Live:
		p.Refuse = to.Name + " serves production already"
	case to.State != "READY":
		p.Refuse = fmt.Sprintf("%s is not ready to serve: %s", to.Name, to.State)
	case busy != "":
		p.Refuse = busy + " is under way: wait for it to end"
	case !ok:
		p.Refuse = "no build serves production, so there is nothing to change"
	}
	if p.Refuse != "" {
		return p, to, nil
	}
	p.Preflight["to"] = to.Name
	p.Name = live.Name + " → " + to.Name
	p.Steps = []string{fmt.Sprintf("%s %s to %s (%s)", kind, now.Project, to.Name, id)}
	p.Notes = []Note{
		{"now live", describe(live)},
		{"goes to", describe(to)},
	}
	return p, to, nil
}

func findBuild(now model.Deployments, id string) (model.Deployment, bool) {
	for _, row := range now.Rows {
		if row.ID == id {
			return row, true
		}
	}
	return model.Deployment{}, false
}

// between lists the builds that served or could have, newer than to and not
// newer than live.
func between(now model.Deployments, to, live model.Deployment) []model.Deployment {
	var out []model.Deployment
	for _, row := range now.Rows {
		if row.State == "READY" && row.Created.After(to.Created) && !row.Created.After(live.Created) {
			out = append(out, row)
		}
	}
	return out
}

// describe is one build in a line: v31 of 18:04:00Z by ana: message.
func describe(d model.Deployment) string {
	text := d.Name
	if !d.Created.IsZero() {
		text += " of " + d.Created.UTC().Format("2006-01-02 15:04Z")
	}
	if d.Author != "" {
		text += " by " + d.Author
	}
	if d.Message != "" {
		text += ": " + d.Message
	}
	return text
}

// takenBack names the builds whose changes disappear.
func takenBack(builds []model.Deployment) string {
	const shown = 4
	var names []string
	for _, b := range builds[:min(len(builds), shown)] {
		text := b.Name
		if b.Message != "" {
			text += " (" + b.Message + ")"
		}
		names = append(names, text)
	}
	if more := len(builds) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return count(int64(len(builds)), "build") + ": " + strings.Join(names, ", ")
}

// runner carries out a switch in one direction.
func (d Deploys) runner(kind SwitchKind) func(context.Context, Plan, func(Progress)) (Result, error) {
	return func(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
		if err := d.unmoved(ctx, p); err != nil {
			return Result{}, err
		}
		began := time.Now()
		err := d.Switch.Switch(ctx, SwitchOrder{
			Call: p.ID, Kind: kind, ID: p.Args["deployment"],
			Tell: func(text string) { step(Progress{Text: text, Part: -1}) },
		})
		switch {
		case errors.Is(err, ErrUnsure):
			return Result{Unsure: err.Error()}, nil
		case err != nil:
			return Result{}, err
		}
		return d.verified(ctx, p, Result{Done: p.Steps, Summary: fmt.Sprintf("production serves %v after %s", p.Preflight["to"], took(time.Since(began)))})
	}
}

// unmoved makes sure that production is still where the card said.
func (d Deploys) unmoved(ctx context.Context, p Plan) error {
	now, err := d.Read.Collect(ctx)
	if err != nil {
		return err
	}
	if live, _ := now.Live(); live.ID != p.Args["from"] {
		return fmt.Errorf("production has moved to %s since the card was opened: nothing was done", live.Name)
	}
	return nil
}

// verified reads once more what serves.
func (d Deploys) verified(ctx context.Context, p Plan, result Result) (Result, error) {
	now, err := d.Read.Collect(ctx)
	live, _ := now.Live()
	switch {
	case err != nil:
		result.Unsure = "what serves production could not be read: " + err.Error()
	case live.ID != p.Args["deployment"]:
		result.Unsure = "the switch was reported as done, but production serves " + live.Name
	}
	return result, nil
}
