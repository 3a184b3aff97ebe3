package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// Supabase is what the actions on a project at Supabase work with.
type Supabase struct {
	// Use calls f with the client of the project; nil where none is configured.
	Use func(ctx context.Context, f func(*supabase.Client) error) error
	// Facts tell how busy the database is; may be nil.
	Facts Facts
	// Pace is the pause between two looks at a change under way; 0 is 5 s. The
	// API takes 60 calls a minute.
	Pace time.Duration
	Now  func() time.Time // nil is time.Now
}

func (s Supabase) blocked() string {
	if s.Use == nil {
		return "no project at Supabase is configured for this target"
	}
	return ""
}

func (s Supabase) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// asked reads one thing of the project.
func asked[T any](ctx context.Context, s Supabase, read func(*supabase.Client, context.Context) (T, error)) (T, error) {
	var out T
	err := s.Use(ctx, func(c *supabase.Client) (err error) {
		out, err = read(c, ctx)
		return err
	})
	return out, err
}

// stands is how the project stands, in one word of people and as a level.
func stands(p supabase.Project) (word string, level int, ok bool) {
	m := model.SupabaseProject{Status: p.Status}
	level, ok = m.Standing()
	return m.Word(), level, ok
}

// steady refuses a change of a project that is on its way to something else.
func steady(p supabase.Project) (refuse string) {
	if word, level, ok := stands(p); !ok || level == 1 {
		return "the project is " + word + ": wait for it to end"
	}
	return ""
}

// accepted sends a change once. A refusal has changed nothing; what is unknown
// is that the answer did not come, or said that Supabase does not know either.
func (s Supabase) accepted(ctx context.Context, f func(*supabase.Client) error) (unknown, refused error) {
	err := s.Use(ctx, f)
	if err == nil || supabase.Refused(err) {
		return nil, err
	}
	return err, nil
}

// sight is one look at a change that Supabase works on.
type sight struct {
	text  string
	begun bool // it is under way
	done  bool // it is where it should be
}

// follower looks at a change again and again until it has ended.
type follower struct {
	Supabase
	limit time.Duration // of the whole
	step  func(Progress)
	lost  error // why the change had no answer; nil when it was accepted
	blind bool  // nothing is to be seen of it before it is done
}

// acceptedWithin is how long a change whose answer was lost is looked for.
const acceptedWithin = 2 * time.Minute

// wait gives nil when the change is done, an error that wraps [ErrUnsure] when
// that could not be seen, and another one when it has failed. What cannot be
// read is looked at again: the change goes on whatever one call says.
func (f follower) wait(ctx context.Context, look func(ctx context.Context) (sight, error)) error {
	pace, limit := f.Pace, f.limit
	if pace == 0 {
		pace = 5 * time.Second
	}
	if f.lost != nil && !f.blind {
		limit = min(limit, acceptedWithin)
	}
	began, last := time.Now(), "nothing yet"
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for time.Since(began) < limit {
		saw, err := look(ctx)
		switch {
		case err == nil && saw.done:
			return nil
		case err != nil && !unreadable(err):
			return err
		case err != nil:
			saw.text = err.Error()
		case saw.begun:
			f.lost, limit = nil, f.limit
		}
		last = saw.text
		f.step(Progress{Text: fmt.Sprintf("Supabase: %s, %s", last, took(time.Since(began))), Part: -1})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: no longer watched, Supabase goes on with it: %s", ErrUnsure, last)
		}
	}
	if f.lost != nil {
		return fmt.Errorf("%w: the request had no answer (%w) and Supabase shows nothing of it: %s", ErrUnsure, f.lost, last)
	}
	return fmt.Errorf("%w: after %s Supabase says: %s", ErrUnsure, took(limit), last)
}

// unreadable tells a look that failed from a change that did.
func unreadable(err error) bool {
	_, ok := errors.AsType[*model.Fail](err)
	return ok || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// outcome turns how a followed change ended into a result: what is not known
// is not an error, and what has begun is told also when it failed.
func outcome(p Plan, err error, summary string) (Result, error) {
	switch {
	case errors.Is(err, ErrUnsure):
		return Result{Unsure: err.Error()}, nil
	case err != nil:
		return Result{Done: p.Steps}, err
	}
	return Result{Done: p.Steps, Summary: summary}, nil
}

// sentence puts parts into one line, without those that are empty.
func sentence(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}
