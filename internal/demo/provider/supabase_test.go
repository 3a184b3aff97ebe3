package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/testkit"
)

const supabaseRef = "abcdefghijklmnopqrst"

// deeds is a sound database that remembers what was done to it.
type deeds struct {
	sound
	sick   error
	done   []string
	refuse error
	gate   chan struct{} // not nil: a change waits for it
	served int64
}

func (d *deeds) Ping(context.Context) error { return d.sick }
func (d *deeds) Requests() int64            { return d.served }

func (d *deeds) Resize(_ context.Context, connections int) error {
	return d.note(fmt.Sprintf("resize %d", connections))
}

func (d *deeds) Restore(_ context.Context, to time.Time) error {
	return d.note("restore " + to.UTC().Format(time.RFC3339))
}

func (d *deeds) Ban(_ context.Context, addresses []string) error {
	return d.note("ban " + strings.Join(addresses, " "))
}

func (d *deeds) note(what string) error {
	if d.gate != nil && !strings.HasPrefix(what, "ban") {
		<-d.gate
	}
	d.done = append(d.done, what)
	return d.refuse
}

func (d *deeds) Lints(context.Context) ([]Lint, error) {
	return []Lint{{Kind: "performance", Name: "unindexed_foreign_keys", Level: "INFO", Title: "Unindexed foreign keys", Schema: "public", Table: "orders"}}, nil
}

// managed is a project with the contract that its answers have to keep.
type managed struct {
	*testing.T
	*Supabase
	contract contract
	token    string
	now      time.Time
}

func newManaged(t *testing.T, opts SupabaseOptions) *managed {
	t.Helper()
	m := &managed{T: t, token: "sbp_good", now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	if err := json.Unmarshal(testkit.Contract(t, "supabase.openapi.json"), &m.contract.doc); err != nil {
		t.Fatal(err)
	}
	opts.Ref, opts.Name, opts.Token, opts.Key = supabaseRef, "shop", "sbp_good", "sb_secret_good"
	opts.Now = func() time.Time { return m.now }
	m.Supabase = NewSupabase(opts)
	t.Cleanup(m.Close)
	return m
}

// call sends one request below the project and fails when the answer breaks
// the contract. A status that the contract does not declare is not looked at.
func (m *managed) call(method, path, body string, want int, out any) {
	m.Helper()
	r := httptest.NewRequest(method, "/v1/projects/"+supabaseRef+path, strings.NewReader(body))
	if m.token != "" {
		r.Header.Set("Authorization", "Bearer "+m.token)
	}
	rec := httptest.NewRecorder()
	m.ServeHTTP(rec, r)
	if rec.Code != want {
		m.Fatalf("%s %s: got %d, want %d: %s", method, path, rec.Code, want, rec.Body)
	}
	bare, _, _ := strings.Cut(path, "?")
	if want != http.StatusBadRequest && want != http.StatusNotFound {
		for _, fault := range m.contract.check(method, "/v1/projects/{ref}"+bare, rec.Code, rec.Body.Bytes()) {
			m.Errorf("%s %s: %s", method, path, fault)
		}
	}
	if out != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
			m.Fatal(err)
		}
	}
}

func (m *managed) status() string {
	m.Helper()
	var p supabaseProject
	m.call(http.MethodGet, "", "", http.StatusOK, &p)
	return p.Status
}

func TestSupabaseReadsKeepTheContract(t *testing.T) {
	m := newManaged(t, SupabaseOptions{Database: &deeds{}, Banned: []string{"203.0.113.7"}})
	for _, path := range []string{
		"", "/health?services=db&services=auth", "/database/backups", "/config/database/pooler", "/config/database/postgres",
		"/config/disk", "/config/disk/util", "/billing/addons", "/readonly", "/network-restrictions",
		"/advisors/performance", "/advisors/security", "/analytics/endpoints/usage.api-counts?interval=15min",
	} {
		m.call(http.MethodGet, path, "", http.StatusOK, nil)
	}
	m.call(http.MethodPost, "/network-bans/retrieve/enriched", "", http.StatusCreated, nil)
}

func TestComputeIsResized(t *testing.T) {
	d := &deeds{gate: make(chan struct{})}
	m := newManaged(t, SupabaseOptions{Database: d})
	m.call(http.MethodPatch, "/billing/addons", `{"addon_type":"compute_instance","addon_variant":"ci_small"}`, http.StatusOK, nil)
	if got := m.status(); got != "RESIZING" {
		t.Errorf("status %s while the machine is changed", got)
	}
	m.call(http.MethodPatch, "/billing/addons", `{"addon_type":"compute_instance","addon_variant":"ci_large"}`, http.StatusBadRequest, nil)
	m.call(http.MethodPost, "/read-replicas/setup", `{"read_replica_region":"eu-west-1"}`, http.StatusBadRequest, nil)
	close(d.gate)
	m.Wait()
	var addons supabaseAddons
	m.call(http.MethodGet, "/billing/addons", "", http.StatusOK, &addons)
	if got := m.status(); got != "ACTIVE_HEALTHY" || addons.Selected[0].Variant.ID != "ci_small" || !slices.Equal(d.done, []string{"resize 90"}) {
		t.Errorf("%s, %+v, %q", got, addons.Selected[0], d.done)
	}
	d.gate, d.refuse = nil, errors.New("no machine left")
	m.call(http.MethodPatch, "/billing/addons", `{"addon_type":"compute_instance","addon_variant":"ci_medium"}`, http.StatusOK, nil)
	m.Wait()
	if got := m.status(); got != "ACTIVE_UNHEALTHY" {
		t.Errorf("status %s after a change that failed", got)
	}
}

func TestRestoreToAPointInTime(t *testing.T) {
	d := &deeds{}
	m := newManaged(t, SupabaseOptions{Database: d})
	body := func(to time.Time) string { return fmt.Sprintf(`{"recovery_time_target_unix":%d}`, to.Unix()) }
	m.call(http.MethodPost, "/database/backups/restore-pitr", body(m.now), http.StatusBadRequest, nil)
	m.call(http.MethodPost, "/database/backups/restore-pitr", body(m.now.Add(-8*24*time.Hour)), http.StatusBadRequest, nil)
	m.call(http.MethodPost, "/database/backups/restore-pitr", body(m.now.Add(-time.Hour)), http.StatusCreated, nil)
	m.Wait()
	if !slices.Equal(d.done, []string{"restore 2026-05-04T11:00:00Z"}) {
		t.Errorf("done %q", d.done)
	}
	d.refuse = errors.New("the log has a hole")
	m.call(http.MethodPost, "/database/backups/restore-pitr", body(m.now.Add(-time.Hour)), http.StatusCreated, nil)
	m.Wait()
	if got := m.status(); got != "RESTORE_FAILED" {
		t.Errorf("status %s", got)
	}
}

func TestPoolerAndReplicas(t *testing.T) {
	m := newManaged(t, SupabaseOptions{})
	m.call(http.MethodPatch, "/config/database/pooler", `{"default_pool_size":25}`, http.StatusOK, nil)
	m.call(http.MethodPatch, "/config/database/pooler", `{"pool_mode":"session"}`, http.StatusOK, nil)
	m.call(http.MethodPost, "/read-replicas/setup", `{"read_replica_region":"eu-west-1"}`, http.StatusCreated, nil)
	m.Wait()
	var poolers []supabasePooler
	m.call(http.MethodGet, "/config/database/pooler", "", http.StatusOK, &poolers)
	if len(poolers) != 2 || *poolers[0].Size != 25 || poolers[0].Mode != "session" || poolers[1].Type != "READ_REPLICA" {
		t.Errorf("got %+v", poolers)
	}
}

func TestBansAreLifted(t *testing.T) {
	d := &deeds{}
	m := newManaged(t, SupabaseOptions{Database: d})
	if err := m.Ban(t.Context(), netip.MustParseAddr("203.0.113.7")); err != nil {
		t.Fatal(err)
	}
	m.call(http.MethodDelete, "/network-bans", `{"ipv4_addresses":["203.0.113.7"]}`, http.StatusOK, nil)
	if got := m.Banned(); len(got) > 0 || !slices.Equal(d.done, []string{"ban 203.0.113.7", "ban "}) {
		t.Errorf("banned %q, done %q", got, d.done)
	}
}

func TestASickDatabase(t *testing.T) {
	d := &deeds{sick: errors.New("connection refused")}
	m := newManaged(t, SupabaseOptions{Database: d})
	var health []serviceHealth
	m.call(http.MethodGet, "/health?services=db&services=auth", "", http.StatusOK, &health)
	if health[0].Healthy || health[0].Error != "connection refused" || !health[1].Healthy || m.status() != "ACTIVE_UNHEALTHY" {
		t.Errorf("health %+v, project %s", health, m.status())
	}
}

func TestUsageIsThatOfAQuarterOfAnHour(t *testing.T) {
	d := &deeds{served: 100}
	m := newManaged(t, SupabaseOptions{Database: d, PerMin: 1000})
	for minute, want := range []int64{100, 200, 300} {
		var got supabaseUsage
		m.call(http.MethodGet, "/analytics/endpoints/usage.api-counts", "", http.StatusOK, &got)
		if got.Result[0].REST != want {
			t.Errorf("after %d readings: %d requests, want %d", minute+1, got.Result[0].REST, want)
		}
		m.now, d.served = m.now.Add(5*time.Minute), d.served+100
	}
	var got supabaseUsage
	m.call(http.MethodGet, "/analytics/endpoints/usage.api-counts", "", http.StatusOK, &got)
	if got.Result[0].REST != 300 {
		t.Errorf("%d requests, want those of the last 15 minutes", got.Result[0].REST)
	}
}

func TestSupabaseRefusals(t *testing.T) {
	m := newManaged(t, SupabaseOptions{PerMin: 3})
	m.token = ""
	m.call(http.MethodGet, "", "", http.StatusUnauthorized, nil)
	m.token = "sbp_good"
	for range 3 {
		m.status()
	}
	m.call(http.MethodGet, "", "", http.StatusTooManyRequests, nil)
	m.now = m.now.Add(time.Minute)
	m.call(http.MethodGet, "/health", "", http.StatusBadRequest, nil)
	m.call(http.MethodGet, "/nothing", "", http.StatusNotFound, nil)
}

// What the machine tells has the names that the vendor's sample has.
func TestMetricsAreOfTheSample(t *testing.T) {
	m := newManaged(t, SupabaseOptions{})
	sample := string(testkit.Contract(t, "supabase-metrics.prom.txt"))
	r := httptest.NewRequest(http.MethodGet, "/customer/v1/privileged/metrics", nil)
	r.SetBasicAuth("service_role", "sb_secret_good")
	rec := httptest.NewRecorder()
	m.Metrics().ServeHTTP(rec, r)
	families := 0
	for line := range strings.Lines(rec.Body.String()) {
		if strings.HasPrefix(line, "# TYPE ") {
			families++
			if !strings.Contains(sample, line) {
				t.Errorf("not in the sample: %s", line)
			}
		}
	}
	if rec.Code != http.StatusOK || families < 25 {
		t.Errorf("status %d, %d families", rec.Code, families)
	}
	r.SetBasicAuth("service_role", "guess")
	rec = httptest.NewRecorder()
	m.Metrics().ServeHTTP(rec, r)
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("status %d with a wrong key", rec.Code)
	}
}
