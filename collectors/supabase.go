package collectors

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// SupabaseProject reads how a project and each of its services is.
// Source: the management API, two requests.
type SupabaseProject struct{ Client *supabase.Client }

// Collect reads the project once.
func (s SupabaseProject) Collect(ctx context.Context) (model.SupabaseProject, error) {
	p, err := s.Client.Project(ctx)
	if err != nil {
		return model.SupabaseProject{}, fmt.Errorf("read the project: %w", err)
	}
	health, err := s.Client.Health(ctx)
	if err != nil {
		return model.SupabaseProject{}, fmt.Errorf("read the health of the services: %w", err)
	}
	out := model.SupabaseProject{
		Ref: s.Client.Ref(), Name: p.Name, Region: p.Region, Postgres: p.Database.Version,
		Created: p.Created.Time(), Status: p.Status, Budget: s.Client.Budget(),
	}
	for _, h := range health {
		if h.Healthy && h.Status == "" { // the word may be left out; that it is well may not
			h.Status = "ACTIVE_HEALTHY"
		}
		out.Services = append(out.Services, model.ManagedService{Name: h.Name, Status: h.Status, Error: h.Error})
	}
	return out, nil
}

// partly reads the parts of a snapshot each of which needs a right of its own.
// A right that is missing hides its part; any other failure is one of all.
type partly struct {
	hidden []string
	denied error // the first refusal
	seen   int   // parts that could be read
	err    error // the first failure of another kind
}

// part notes how the reading of one part went, and tells whether it can be used.
func (p *partly) part(what string, err error) bool {
	if err == nil {
		p.seen++
		return true
	}
	fail, ok := errors.AsType[*model.Fail](err)
	switch {
	case ok && (fail.Class == model.Denied || fail.Class == model.Missing):
		p.hidden = append(p.hidden, what+": "+why(fail))
		if p.denied == nil {
			p.denied = fmt.Errorf("read %s: %w", what, err)
		}
	case p.err == nil:
		p.err = fmt.Errorf("read %s: %w", what, err)
	}
	return false
}

// why is a refusal in a few words.
func why(fail *model.Fail) string {
	if fail.Hint != "" {
		return fail.Hint
	}
	return fail.Text
}

// result says what is hidden, or why there is nothing at all to show.
func (p *partly) result() (hidden string, err error) {
	switch {
	case p.err != nil:
		return "", p.err
	case p.seen == 0:
		return "", p.denied
	}
	return strings.Join(p.hidden, "; "), nil
}
