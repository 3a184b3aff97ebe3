package cli

import (
	"context"
	"fmt"
	"time"

	"tocsin/actions"
	"tocsin/internal/sentry"
)

// sentryActions changes issues through a client that is made when it is first
// needed.
type sentryActions struct{ client *once[*sentry.Client] }

// Issue implements actions.Issues.
func (s sentryActions) Issue(ctx context.Context, id string) (sentry.Issue, error) {
	return use(ctx, s.client, func(c *sentry.Client) (sentry.Issue, error) { return c.Issue(ctx, id) })
}

// Resolve implements actions.Issues.
func (s sentryActions) Resolve(ctx context.Context, id string) error {
	return s.change(ctx, func(c *sentry.Client) error { return c.Resolve(ctx, id) })
}

// Unresolve implements actions.Issues.
func (s sentryActions) Unresolve(ctx context.Context, id string) error {
	return s.change(ctx, func(c *sentry.Client) error { return c.Unresolve(ctx, id) })
}

// Ignore implements actions.Issues.
func (s sentryActions) Ignore(ctx context.Context, id string, lasting time.Duration) error {
	return s.change(ctx, func(c *sentry.Client) error { return c.Ignore(ctx, id, lasting) })
}

// Assign implements actions.Issues.
func (s sentryActions) Assign(ctx context.Context, id, actor string) error {
	return s.change(ctx, func(c *sentry.Client) error { return c.Assign(ctx, id, actor) })
}

func (s sentryActions) change(ctx context.Context, f func(*sentry.Client) error) error {
	_, err := use(ctx, s.client, func(c *sentry.Client) (struct{}, error) { return struct{}{}, f(c) })
	if err != nil {
		return fmt.Errorf("change the issue: %w", err)
	}
	return nil
}

// issues is what the actions on issues work with; nil where no Sentry is
// configured.
func (p *program) issues() actions.Issues {
	if p.sentry == nil {
		return nil
	}
	return sentryActions{p.sentry}
}
