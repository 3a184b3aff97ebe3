package actions

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/sentry"
)

// Issues reads and changes single issues at Sentry. *sentry.Client is one.
type Issues interface {
	Issue(ctx context.Context, id string) (sentry.Issue, error)
	Resolve(ctx context.Context, id string) error
	Unresolve(ctx context.Context, id string) error
	Ignore(ctx context.Context, id string, lasting time.Duration) error
	Assign(ctx context.Context, id, actor string) error
}

// nobody is the name by which an issue is given back.
const nobody = "nobody"

// ignoreFor is how long an issue is ignored where nothing else was said.
const ignoreFor = time.Hour

// ErrorResolve declares that an issue is taken as mended.
func ErrorResolve(i Issues) Action {
	return triage{
		issues: i, effect: "it leaves the list; its next event opens it again as a regression", from: "unresolved", to: "resolved",
		step: func(Args) string { return `{"status":"resolved"}` },
		send: func(ctx context.Context, id string, _ Args) error { return i.Resolve(ctx, id) },
	}.action(Action{ID: "error.resolve", Title: "Resolve issue", Verb: "resolve it", Undo: "error.unresolve", Params: []Param{issueParam()}})
}

// ErrorIgnore declares that an issue is silenced for a while.
func ErrorIgnore(i Issues) Action {
	return triage{
		issues: i, effect: "nobody is told of it until then; Sentry opens it again by itself", from: "unresolved", to: "ignored",
		step: func(a Args) string {
			return fmt.Sprintf(`{"status":"ignored","statusDetails":{"ignoreDuration":%d}} (minutes)`, int(ignoring(a).Minutes()))
		},
		send: func(ctx context.Context, id string, a Args) error { return i.Ignore(ctx, id, ignoring(a)) },
	}.action(Action{
		ID: "error.ignore", Title: "Ignore issue for a while", Verb: "ignore it", Undo: "error.unresolve",
		Params: []Param{issueParam(), {Name: "for", Type: TypeSpan, Optional: true, Ask: true, Help: "how long, in whole minutes, 24h at most; 1h without it"}},
	})
}

// ErrorUnresolve declares that an issue is open again.
func ErrorUnresolve(i Issues) Action {
	return triage{
		issues: i, effect: "it is listed and told of again", to: "unresolved",
		step: func(Args) string { return `{"status":"unresolved"}` },
		send: func(ctx context.Context, id string, _ Args) error { return i.Unresolve(ctx, id) },
	}.action(Action{ID: "error.unresolve", Title: "Open issue again", Verb: "open it", Params: []Param{issueParam()}})
}

// ErrorAssign declares that somebody takes care of an issue.
func ErrorAssign(i Issues) Action {
	a := assigning{i}
	return triage{issues: i}.declare(Action{
		ID: "error.assign", Title: "Assign issue", Verb: "assign it", Undo: "error.assign",
		Params: []Param{issueParam(), {Name: "to", Type: TypeString, Help: "user:ID, team:ID, the name or mail address of a user, or nobody"}},
		Plan:   a.plan, Run: a.run,
	})
}

func issueParam() Param {
	return Param{Name: "issue", Type: TypeIssue, Help: "id of the issue at Sentry: digits, not the short id"}
}

// ignoring is the argument that the runner has checked, in whole minutes.
func ignoring(a Args) time.Duration {
	if d, err := time.ParseDuration(a["for"]); err == nil {
		return max(d.Round(time.Minute), time.Minute)
	}
	return ignoreFor
}

// triage is one change of the status of one issue.
type triage struct {
	issues Issues // nil where no Sentry is configured
	effect string
	from   string // the status that it makes sense in; "" is any other than to
	to     string // the status that it leads to
	step   func(Args) string
	send   func(ctx context.Context, id string, a Args) error
}

// declare completes what all changes of issues have in common.
func (t triage) declare(a Action) Action {
	a.Danger = Reversible
	a.Blocked = func() string {
		if t.issues == nil {
			return "no Sentry is configured for this target (sentry)"
		}
		return ""
	}
	return a
}

func (t triage) action(a Action) Action {
	a.Plan, a.Run = t.plan, t.run
	return t.declare(a)
}

func (t triage) plan(ctx context.Context, args Args) (Plan, error) {
	issue, err := t.issues.Issue(ctx, args["issue"])
	if err != nil {
		return Plan{}, err
	}
	p := issuePlan(issue, args, t.step(args))
	p.Notes = append(p.Notes, Note{"effect", t.effect}, Note{"will not", "mend anything: errors go on where their cause does"})
	p.Undo = Args{"issue": issue.ID}
	switch {
	case issue.Status == t.to:
		p.Refuse = "it is " + t.to + " already"
	case t.from != "" && issue.Status != t.from:
		p.Refuse = "it is " + issue.Status
	}
	return p, nil
}

// issuePlan is what all cards of one issue have in common.
func issuePlan(issue sentry.Issue, args Args, body string) Plan {
	own := Args{"status": issue.Status}
	for name, value := range args {
		own[name] = value
	}
	notes := []Note{{"issue", issue.ShortID + ", " + issue.Status}}
	if issue.Assignee.Name != "" {
		notes = append(notes, Note{"belongs to", issue.Assignee.Name})
	}
	return Plan{
		Target: cmp.Or(issue.ShortID, issue.ID), Args: own, Notes: notes,
		Steps:     []string{"PUT issues/" + issue.ID + "/ " + body},
		Preflight: map[string]any{"status": issue.Status, "last_seen": issue.LastSeen},
	}
}

// run changes the issue if it still stands as it did, and reads it again.
func (t triage) run(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
	id := p.Args["issue"]
	now, err := t.issues.Issue(ctx, id)
	if err != nil {
		return Result{}, err
	}
	if now.Status != p.Args["status"] {
		return Result{}, fmt.Errorf("it is %s since the card was opened: nothing was done", now.Status)
	}
	if err := t.send(ctx, id, p.Args); err != nil {
		return Result{}, err
	}
	result := Result{Done: p.Steps}
	after, err := t.issues.Issue(ctx, id)
	switch {
	case err != nil:
		result.Unsure = "the issue could not be read again: " + err.Error()
	case after.Status != t.to:
		result.Unsure = fmt.Sprintf("the change was taken, but %s is %s", p.Target, after.Status)
	default:
		result.Summary = p.Target + " is " + after.Status + until(after)
	}
	return result, nil
}

// until says when an ignored issue is open again; "" where that is not told.
func until(i sentry.Issue) string {
	if i.IgnoredUntil.IsZero() {
		return ""
	}
	return " until " + i.IgnoredUntil.Format("15:04Z")
}

// assigning gives one issue to somebody.
type assigning struct{ issues Issues }

// actor is how Sentry is told of the one who is named.
func actor(to string) string {
	if to == nobody {
		return ""
	}
	return to
}

func (a assigning) plan(ctx context.Context, args Args) (Plan, error) {
	issue, err := a.issues.Issue(ctx, args["issue"])
	if err != nil {
		return Plan{}, err
	}
	p := issuePlan(issue, args, fmt.Sprintf(`{"assignedTo":%q}`, actor(args["to"])))
	p.Args["from"] = cmp.Or(issue.Assignee.Actor(), nobody)
	p.Notes = append(p.Notes, Note{"will not", "tell anybody beyond what Sentry itself sends"})
	p.Undo = Args{"issue": issue.ID, "to": p.Args["from"]}
	if args["to"] == p.Args["from"] {
		p.Refuse = "it belongs to " + cmp.Or(issue.Assignee.Name, nobody) + " already"
	}
	return p, nil
}

func (a assigning) run(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
	id, to := p.Args["issue"], p.Args["to"]
	now, err := a.issues.Issue(ctx, id)
	if err != nil {
		return Result{}, err
	}
	if cmp.Or(now.Assignee.Actor(), nobody) != p.Args["from"] {
		return Result{}, fmt.Errorf("it belongs to %s since the card was opened: nothing was done", cmp.Or(now.Assignee.Name, nobody))
	}
	if err := a.issues.Assign(ctx, id, actor(to)); err != nil {
		return Result{}, err
	}
	result := Result{Done: p.Steps}
	after, err := a.issues.Issue(ctx, id)
	got := cmp.Or(after.Assignee.Actor(), nobody)
	switch {
	case err != nil:
		result.Unsure = "the issue could not be read again: " + err.Error()
	case got == p.Args["from"], strings.Contains(to, ":") && got != to:
		result.Unsure = "the change was taken, but it belongs to " + cmp.Or(after.Assignee.Name, nobody)
	default:
		result.Summary = p.Target + " belongs to " + cmp.Or(after.Assignee.Name, nobody)
	}
	return result, nil
}
