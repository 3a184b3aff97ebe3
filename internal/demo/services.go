package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/internal/demo/provider"
	"tocsin/internal/demo/shop"
)

// services are the providers around the shop, beside the one that deploys it.
type services struct {
	sentry       *provider.Sentry
	stripe       *provider.Stripe
	stripeStatus *provider.StripeStatus

	sentryURL, sentryToken string
	stripeURL, stripeKey   string
}

// openServices opens them with the past of a company that has been there for a
// while.
func (w *world) openServices(context.Context) error {
	s := &services{stripeStatus: provider.NewStripeStatus(), sentryToken: rand.Text(), stripeKey: "rk_test_" + rand.Text()}
	s.sentry = provider.NewSentry(provider.SentryOptions{Org: teamName, Project: projectName, Token: s.sentryToken})
	s.stripe = provider.NewStripe(s.stripeKey, nil)
	s.pastErrors(time.Now())
	s.pastPayments(time.Now())
	var err error
	if s.sentryURL, err = w.serve("sentry", s.sentry); err != nil {
		return err
	}
	if s.stripeURL, err = w.serve("stripe", s.stripe); err != nil {
		return err
	}
	w.services = s
	return nil
}

// pastErrors is one old issue, and the sessions and errors of a month.
func (s *services) pastErrors(now time.Time) {
	for n := range 7 { // the oldest first
		s.sentry.Fault(provider.SentryFault{
			At: now.Add(-time.Duration(9+11*(6-n)) * time.Hour), Type: "TimeoutError", Message: "rates service: no answer within 2s",
			Culprit: "GET /product/{id}", Release: "v2", Tags: map[string]string{"route": "/product/{id}"},
		})
	}
	for n := range 30 * 24 {
		at := now.Add(-time.Duration(n+1) * time.Hour)
		s.sentry.Accepted(at, 2+n%3)
		if n < 48 {
			s.sentry.Sessions(at, 1200+n, 2+n%3)
		}
	}
}

// pastPayments are the charges of some hours, subscriptions, and what waits
// for somebody.
func (s *services) pastPayments(now time.Time) {
	for n := range 40 {
		s.stripe.Charge(now.Add(-time.Duration(40-n)*12*time.Minute), 1900+37*n, n == 21)
	}
	for n := range 46 {
		s.stripe.Subscribe(now.Add(-time.Duration(20+9*n)*24*time.Hour), 2900, n%5 == 0)
	}
	for n := range 2 {
		s.stripe.Unsubscribed(now.Add(-300*24*time.Hour), now.Add(-time.Duration(3+8*n)*24*time.Hour))
		s.stripe.Undelivered(now.Add(-time.Duration(40+5*n)*time.Minute), "invoice.paid")
	}
	s.stripe.Dispute(now.Add(-36*time.Hour), now.Add(6*24*time.Hour), 4200)
}

// report tells Sentry of an answered request, as an agent inside the shop would.
func (s *services) report(r shop.Report) {
	if r.Route == "/health" {
		return
	}
	s.sentry.Request(r.At, r.Took, r.Code >= 500)
	if r.Err == nil {
		return
	}
	kind, message := wordsOf(r.Err)
	s.sentry.Fault(provider.SentryFault{
		At: r.At, Type: kind, Message: message, Culprit: r.Route, Release: r.Build, Tags: r.Tags,
	})
}

// wordsOf is the type of an error and what it says: of the innermost that has a
// type of its own.
func wordsOf(err error) (kind, message string) {
	if cache, ok := errors.AsType[*shop.CacheError](err); ok {
		return "CacheError", cache.Error()
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return "PgError", pg.Message
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "TimeoutError", "the request took too long"
	}
	innermost := err
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(next) {
		innermost = next
	}
	if t := reflect.TypeOf(innermost); t != nil && t.Kind() == reflect.Pointer && t.Elem().Name() != "errorString" {
		return t.Elem().Name(), err.Error()
	}
	return "Error", err.Error()
}

// checkIn tells Sentry of one run of a job.
func (s *services) checkIn(job string, err error) { s.sentry.CheckIn(job, time.Now(), err != nil) }

// The parts of tocsin's configuration file for them.
type configSentry struct {
	Org      string       `yaml:"org"`
	Projects []string     `yaml:"projects"`
	Token    configSecret `yaml:"token"`
	BaseURL  string       `yaml:"base_url"`
	Quota    int          `yaml:"quota"`
}

type configStripe struct {
	Key     configSecret `yaml:"key"`
	BaseURL string       `yaml:"base_url"`
}

type configGauge struct {
	Name       string `yaml:"name"`
	SQL        string `yaml:"sql"`
	Every      string `yaml:"every"`
	Unit       string `yaml:"unit,omitempty"`
	Definition string `yaml:"definition"`
	MinBase    int    `yaml:"min_base,omitempty"`
}

// gauges are numbers of the shop's business.
func gauges() []configGauge {
	return []configGauge{
		{
			Name: "new users", Every: "1m", Unit: "users", Definition: "accounts made within 24 h",
			SQL: "SELECT count(*) FROM users WHERE created_at > now() - interval '24 hours'",
		},
		{
			Name: "conversion", Every: "1m", MinBase: 20, Definition: "users of the newest 100 accounts who have ordered",
			SQL: "SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM orders o WHERE o.user_id = u.id)), count(*) FROM (SELECT id FROM users ORDER BY created_at DESC LIMIT 100) u",
		},
	}
}
