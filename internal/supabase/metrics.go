package supabase

import (
	"context"
	"time"

	"tocsin/internal/web"
)

// metricsUser is the user whose password the key of the metrics is.
const metricsUser = "service_role"

// MetricsOptions says where the machine of a project tells its numbers.
type MetricsOptions struct {
	URL       string // "" is the address of the project
	Project   string // its reference
	Key       string // a secret key (sb_secret_…) or the old service_role key
	UserAgent string
	Timeout   time.Duration // 0 is the default of [web.Options]
}

// Metrics reads what the machine of a project tells.
type Metrics struct{ web *web.Client }

// MetricsURL is where the machine of a project tells its numbers.
func MetricsURL(project string) string {
	return "https://" + project + ".supabase.co/customer/v1/privileged/metrics"
}

// NewMetrics returns a client. No connection is made before the first call.
func NewMetrics(opts MetricsOptions) *Metrics {
	if opts.URL == "" {
		opts.URL = MetricsURL(opts.Project)
	}
	return &Metrics{web.New(web.Options{
		Base: opts.URL, User: metricsUser, Token: opts.Key, UserAgent: opts.UserAgent, Timeout: opts.Timeout,
		Scope: "metrics_key needs to be a secret key of project " + opts.Project,
	})}
}

// Close gives the kept connection back.
func (m *Metrics) Close() { m.web.Close() }

// Text is the newest reading in the Prometheus text format, made anew every
// minute. Source: GET /customer/v1/privileged/metrics.
func (m *Metrics) Text(ctx context.Context) ([]byte, error) { return m.web.GetBytes(ctx, "", nil) }
