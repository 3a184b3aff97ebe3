package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/vercel"
)

// Vercel is what the actions on a project at Vercel work with.
type Vercel struct {
	// Use gives the client for one use. nil where no project is configured.
	Use func(ctx context.Context, do func(*vercel.Client) error) error

	Protected Protected
	Builds    DeploymentReader     // what runs in production and what could
	Facts     Facts                // what a card tells of the load behind the caches; may be nil
	Deployed  []Measure            // what a build is judged by
	Fresh     map[string][]Measure // by tag, what a purge is judged by
}

func (v Vercel) blocked() string {
	if v.Use == nil {
		return "no project at Vercel is configured for this target (vercel)"
	}
	return ""
}

// project reads the project.
func (v Vercel) project(ctx context.Context) (p vercel.Project, err error) {
	err = v.Use(ctx, func(c *vercel.Client) error {
		p, err = c.Project(ctx)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("read the project: %w", err)
	}
	return p, nil
}

// settle sends a change once, and then looks until it is seen. What Vercel
// refused is an error; what nobody can tell wraps [ErrUnsure].
func (v Vercel) settle(ctx context.Context, ask func(*vercel.Client) error, seen func(*vercel.Client) (bool, error)) error {
	lost := v.Use(ctx, ask)
	if lost != nil && vercel.Refused(lost) {
		return lost
	}
	ctx, cancel := context.WithTimeout(ctx, acceptWithin)
	defer cancel()
	tick := time.NewTicker(switchPoll)
	defer tick.Stop()
	state := "it is not to be seen there"
	for {
		done := false
		err := v.Use(ctx, func(c *vercel.Client) (err error) {
			done, err = seen(c)
			return err
		})
		switch {
		case done && err == nil:
			return nil
		case err != nil && ctx.Err() == nil:
			state = err.Error()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if lost != nil {
				return fmt.Errorf("%w: the request had no answer (%w), and %s", ErrUnsure, lost, state)
			}
			return fmt.Errorf("%w: Vercel took it, but %s", ErrUnsure, state)
		}
	}
}

// siteOutcome turns the end of a change into a result.
func siteOutcome(p Plan, summary string, err error) (Result, error) {
	switch {
	case errors.Is(err, ErrUnsure):
		return Result{Unsure: err.Error()}, nil
	case err != nil:
		return Result{}, err
	}
	return Result{Done: p.Steps, Summary: summary}, nil
}

// spanOf is how long a change is to last: as given, or what is usual.
func spanOf(args Args, usual time.Duration) time.Duration {
	if d, err := time.ParseDuration(args["for"]); err == nil {
		return d
	}
	return usual
}

// endText says when something of that length would end.
func endText(span time.Duration, now time.Time) string {
	return fmt.Sprintf("after %s, about %s", spanText(span), now.Add(span).UTC().Format("2006-01-02 15:04Z"))
}

// spanText writes a chosen length of time: 90s, 15m, 1h, 1h30m.
func spanText(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if len(text) > len(zero) && text[len(text)-len(zero):] == zero {
			text = text[:len(text)-len(zero)+1]
		}
	}
	return text
}
