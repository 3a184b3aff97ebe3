package demo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"tocsin/internal/demo"
)

// TestFaults breaks one world in every way, one after another, and mends it
// by what an operator would do, from outside.
func TestFaults(t *testing.T) {
	t.Parallel()
	r := start(t, demo.Options{Dir: t.TempDir(), Standby: true})
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, r *running)
	}{
		{"healthy", testHealthy},
		{"lock-pileup", testLockPileup},
		{"connections-exhausted", testConnectionsExhausted},
		{"replica-lag", testReplicaLag},
		{"disk-filling", testDiskFilling},
		{"slow-query", testSlowQuery},
		{"stale-cache", testStaleCache},
		{"bloat", testBloat},
		{"old-snapshot", testOldSnapshot},
		{"error-spike", testErrorSpike},
		{"provider-outage", testProviderOutage},
		{"bad-deploy", testBadDeploy},
		{"heal", testHeal},
		{"postgres", testPostgres},
	} {
		if !t.Run(tt.name, func(t *testing.T) { tt.run(t, &running{World: r.World, t: t, admin: r.admin}) }) {
			return // the world is broken in a way that would spoil the rest
		}
	}
}

func testHealthy(t *testing.T, r *running) {
	for _, tt := range []struct {
		what, sql string
		min, max  float64
	}{
		{"users", "SELECT count(*) FROM users", 5000, 5000},
		{"products", "SELECT count(*) FROM products", 200, 200},
		{"orders", "SELECT count(*) FROM orders", 60_000, 70_000},
		{"events", "SELECT count(*) FROM events", 50_000, 60_000},
		{"statements", "SELECT count(*) FROM pg_stat_statements", 1, 5000},
		{"usable slots", "SELECT current_setting('max_connections')::int", 60, 60},
		{"sessions", "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'", 5, 30},
		{"tocsin is no superuser", "SELECT count(*) FROM pg_roles WHERE rolname = 'tocsin' AND rolsuper", 0, 0},
	} {
		if got := r.number(tt.sql); got < tt.min || got > tt.max {
			t.Errorf("%s = %v, want %v to %v", tt.what, got, tt.min, tt.max)
		}
	}
	if share := r.errorShare(); share > 0 {
		t.Errorf("%.1f %% errors in a healthy shop", 100*share)
	}
	if code, body := get(t, r.ShopURL+"/metrics"); code != 200 || !strings.Contains(body, `le="+Inf"`) ||
		!strings.Contains(body, `http_requests_total{code="200",route="/checkout"}`) || !strings.Contains(body, `version="v3"`) {
		t.Errorf("metrics: status %d\n%s", code, body)
	}
	request, err := http.Get(r.ControlURL + "/state")
	if err != nil {
		t.Fatal(err)
	}
	request.Body.Close()
	if request.StatusCode != http.StatusUnauthorized {
		t.Errorf("control without a token: %s, want 401", request.Status)
	}
	if code, _ := r.control(http.MethodPost, "/fault/no-such"); code != http.StatusNotFound {
		t.Errorf("unknown fault: status %d, want 404", code)
	}
	if code, _ := r.control(http.MethodPost, "/heal/bloat"); code != http.StatusConflict {
		t.Errorf("heal what is not broken: status %d, want 409", code)
	}
}

const waitingSQL = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

// depthSQL is the longest way from a session that waits for nobody down to one
// that waits for another.
const depthSQL = `WITH RECURSIVE edges AS (
  SELECT pid, unnest(pg_blocking_pids(pid)) AS by FROM pg_stat_activity WHERE wait_event_type = 'Lock'
), tree AS (
  SELECT by AS pid, 1 AS depth FROM edges WHERE by NOT IN (SELECT pid FROM edges)
  UNION SELECT e.pid, t.depth + 1 FROM edges e JOIN tree t ON e.by = t.pid
) SELECT max(depth) FROM tree`

func testLockPileup(t *testing.T, r *running) {
	r.breaks("lock-pileup")
	waitFor(t, "sessions behind the lock", func() bool { return r.number(waitingSQL) >= 8 })
	waitFor(t, "customers who time out", func() bool { return r.state().Errors > 0 })
	if depth := r.number(depthSQL); depth != 4 {
		t.Errorf("the tree of locks is %v deep, want 4", depth)
	}
	if used := r.number("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"); used > 40 {
		t.Errorf("%v sessions, want room for the operator", used)
	}
	if code, body := get(t, r.ShopURL+"/health"); code != http.StatusOK {
		t.Errorf("health while orders are locked: %d %s", code, body)
	}

	// As the dashboard's role, with the server's own word on who blocks.
	blocker := r.number(`SELECT b.pid FROM pg_stat_activity a CROSS JOIN LATERAL unnest(pg_blocking_pids(a.pid)) b(pid)
	  JOIN pg_stat_activity s ON s.pid = b.pid
	  WHERE a.wait_event_type = 'Lock' AND s.state = 'idle in transaction' AND s.application_name = 'worker' LIMIT 1`)
	r.asOperator(fmt.Sprintf("SELECT pg_terminate_backend(%d)", int(blocker)))
	r.mended()
	waitFor(t, "the queue to drain", func() bool { return r.number(waitingSQL) == 0 })
	waitFor(t, "checkouts that succeed", func() bool { return r.errorShare() == 0 })
}

func testConnectionsExhausted(t *testing.T, r *running) {
	r.breaks("connections-exhausted")
	const shop = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('api', 'web', 'worker', 'cron')"
	if got := r.number(shop); got > 1 {
		t.Errorf("the shop has %v connections, want none", got)
	}
	conn, err := pgx.Connect(t.Context(), strings.Replace(r.DSN, "user=postgres", "user=tocsin", 1))
	if refusal, ok := errors.AsType[*pgconn.PgError](err); !ok || refusal.Code != "53300" {
		t.Errorf("a new connection: %v %v, want 53300", conn, err)
	}
	waitFor(t, "a quarter of the requests to fail", func() bool { return r.errorShare() > 0.25 })
	if code, _ := get(t, r.ShopURL+"/health"); code != http.StatusServiceUnavailable {
		t.Errorf("health: status %d, want 503", code)
	}

	const leaked = " FROM pg_stat_activity WHERE application_name = 'report-worker' AND state = 'idle in transaction'"
	if got := r.number("SELECT count(*)" + leaked); got < 45 {
		t.Errorf("%v sessions are leaked, want 45 at least", got)
	}
	// One of them is not enough: the shop needs more.
	one := int(r.number("SELECT min(pid)" + leaked))
	r.number("SELECT count(pg_terminate_backend($1))", one)
	waitFor(t, "the session to end", func() bool { return r.number("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", one) == 0 })
	if got := r.state().Faults; !slices.Equal(got, []string{"connections-exhausted"}) {
		t.Errorf("faults = %v after the end of one session", got)
	}
	r.number("SELECT count(pg_terminate_backend(pid))" + leaked)
	r.mended()
	waitFor(t, "requests that succeed", func() bool { return r.errorShare() == 0 })
	if got := r.number("SELECT count(*)" + leaked); got > 0 {
		t.Errorf("%v leaked sessions came back", got)
	}
}

func testReplicaLag(t *testing.T, r *running) {
	standby, err := pgxpool.New(t.Context(), r.StandbyDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer standby.Close()
	there := &running{World: r.World, t: t, admin: standby}
	const behind = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 FROM pg_stat_replication WHERE application_name = 'r1'"
	waitFor(t, "a standby that keeps up", func() bool { return r.number(behind) < 1<<20 })

	r.breaks("replica-lag")
	if got := r.number(behind); got < 64<<20 {
		t.Errorf("the standby is %v bytes behind, want 64 MiB at least", got)
	}
	newest := there.number("SELECT max(id) FROM orders")
	orders := r.number("SELECT max(id) FROM orders")
	waitFor(t, "orders that the standby does not see", func() bool { return r.number("SELECT max(id) FROM orders") > orders })
	if got := there.number("SELECT max(id) FROM orders"); got != newest {
		t.Errorf("the standby shows order %v after %v", got, newest)
	}
	r.DSN = r.StandbyDSN
	r.asOperator("SELECT pg_wal_replay_resume()")
	r.mended()
	waitFor(t, "the standby to catch up", func() bool {
		return r.number(behind) < 1<<20 && there.number("SELECT max(id) FROM orders") > newest
	})
	waitFor(t, "what was imported to be gone", func() bool { return r.number("SELECT count(*) FROM pg_class WHERE relname = 'product_images'") == 0 })
}

func testDiskFilling(t *testing.T, r *running) {
	const folder = "SELECT sum(size) / 1048576.0 FROM pg_ls_waldir()"
	before := r.number(folder)
	r.breaks("disk-filling")
	broken := r.number(folder)
	if broken < 256 || broken > before+400 {
		t.Errorf("the folder of the log holds %.0f MiB, %.0f before", broken, before)
	}
	r.asOperator("SELECT pg_drop_replication_slot('r0')")
	r.mended()
	waitFor(t, "the log to go", func() bool { return r.number(folder) < broken-128 })
	t.Logf("the folder of the log: %.0f MiB, broken %.0f, mended %.0f", before, broken, r.number(folder))
	waitFor(t, "what was imported to be gone", func() bool { return r.number("SELECT count(*) FROM pg_class WHERE relname = 'staged_images'") == 0 })
}

func testSlowQuery(t *testing.T, r *running) {
	r.breaks("slow-query")
	const running = `SELECT coalesce(max(extract(epoch FROM now() - query_start)), 0) FROM pg_stat_activity
	  WHERE application_name = 'reports' AND state = 'active'`
	waitFor(t, "the report to run for two seconds", func() bool { return r.number(running) > 2 })
	r.asOperator("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'reports'")
	r.mended()
	waitFor(t, "no report", func() bool { return r.number(running) == 0 })
}

func testStaleCache(t *testing.T, r *running) {
	r.breaks("stale-cache")
	updated := r.updatedAt()
	waitFor(t, "a page that is older than it ever is", func() bool { return time.Since(updated) > 3*time.Second })
	if now := r.updatedAt(); !now.Equal(updated) {
		t.Errorf("the front page changed from %s to %s, want it stale", updated, now)
	}
	stale := func() bool {
		var page struct {
			Offers []struct {
				PriceCents int `json:"price_cents"`
			}
		}
		for id := 1; id <= 200; id++ {
			_, body := get(t, fmt.Sprintf("%s/product/%d", r.ShopURL, id))
			if err := json.Unmarshal([]byte(body), &page); err != nil {
				t.Fatal(err)
			}
			if float64(page.Offers[0].PriceCents) != r.number("SELECT price_cents FROM products WHERE id = $1", id) {
				return true
			}
		}
		return false
	}
	waitFor(t, "a price that customers do not see", stale)

	options, err := redis.ParseURL(r.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	keys := client.Scan(t.Context(), 0, "page:*", 1000).Iterator()
	for keys.Next(t.Context()) {
		client.Unlink(t.Context(), keys.Val())
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	r.mended()
	if now := r.updatedAt(); !now.After(updated) {
		t.Errorf("front page of %s after the purge, want a fresh one", now)
	}
	if life := client.TTL(t.Context(), "page:front").Val(); life < 0 || life > 10*time.Second {
		t.Errorf("the fresh page lives %s, want at most 10 s", life)
	}
}

// updatedAt is what the shop says of its front page.
func (r *running) updatedAt() time.Time {
	r.t.Helper()
	code, body := get(r.t, r.ShopURL+"/health")
	var health struct {
		UpdatedAt time.Time `json:"updated_at"`
	}
	if err := json.Unmarshal([]byte(body), &health); err != nil || code != http.StatusOK {
		r.t.Fatalf("health: status %d, %v: %s", code, err, body)
	}
	return health.UpdatedAt
}

func testBloat(t *testing.T, r *running) {
	r.breaks("bloat")
	const dead = "SELECT 100.0 * n_dead_tup / (n_live_tup + n_dead_tup) FROM pg_stat_user_tables WHERE relname = 'events'"
	if got := r.number(dead); got < 30 {
		t.Errorf("%.0f %% dead rows, want at least 30", got)
	}
	if old := r.number("SELECT coalesce(max(age(backend_xmin)), 0) FROM pg_stat_activity WHERE xact_start < now() - interval '2 seconds'"); old > 0 {
		t.Errorf("a snapshot %v transactions old is held", old)
	}
	r.asOperator("VACUUM (ANALYZE) public.events")
	r.mended()
	if got := r.number(dead); got > 5 {
		t.Errorf("%.0f %% dead rows after the vacuum", got)
	}
}

func testOldSnapshot(t *testing.T, r *running) {
	r.breaks("old-snapshot")
	const (
		dead    = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'events'"
		analyst = " FROM pg_stat_activity WHERE application_name = 'psql' AND backend_xmin IS NOT NULL AND state = 'idle in transaction'"
	)
	r.asOperator("VACUUM public.events")
	if got := r.number(dead); got < 45_000 {
		t.Errorf("%v dead rows after a vacuum under the snapshot, want all 50,000 kept", got)
	}
	r.asOperator("SELECT pg_terminate_backend(pid)" + analyst)
	waitFor(t, "the analyst's session to end", func() bool { return r.number("SELECT count(*)"+analyst) == 0 })
	r.asOperator("VACUUM public.events")
	r.mended()
	if got := r.number(dead); got > 3_000 {
		t.Errorf("%v dead rows after the vacuum", got)
	}
}

func testBadDeploy(t *testing.T, r *running) {
	good := r.state()
	r.breaks("bad-deploy")
	bad := r.state()
	if bad.Build == good.Build || bad.Deployment == good.Deployment {
		t.Fatalf("live is %s at %s, want another than %s at %s", bad.Build, bad.Deployment, good.Build, good.Deployment)
	}
	waitFor(t, "12 to 28 % errors", func() bool {
		share := r.errorShare()
		return share >= 0.12 && share <= 0.28
	})

	query := url.Values{"slug": {"acme"}}.Encode()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		fmt.Sprintf("%s/v1/projects/shop/rollback/%s?%s", r.ProviderURL, good.Deployment, query), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.ProviderToken)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("rollback: %s", answer.Status)
	}
	r.mended()
	if now := r.state(); now.Build != good.Build || now.Deployment != good.Deployment {
		t.Errorf("live is %s at %s, want %s at %s", now.Build, now.Deployment, good.Build, good.Deployment)
	}
	waitFor(t, "no more errors", func() bool { return r.errorShare() == 0 })
}

// testErrorSpike: no checkout works, pages do, and removing one key of the
// cache mends it.
func testErrorSpike(t *testing.T, r *running) {
	build := r.state().Build
	r.breaks("error-spike")
	waitFor(t, "the checkouts to fail, a third of all requests", func() bool {
		share := r.errorShare()
		return share >= 0.2 && share <= 0.4
	})
	if now := r.state().Build; now != build {
		t.Errorf("build %s, want %s as before", now, build)
	}
	options, err := redis.ParseURL(r.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if n := client.Unlink(t.Context(), "promo:active").Val(); n != 1 {
		t.Errorf("%d keys were removed, want one", n)
	}
	r.mended()
	waitFor(t, "no more errors", func() bool { return r.errorShare() == 0 })
}

// testProviderOutage: payments fail until the provider is well again, whatever
// is done here.
func testProviderOutage(t *testing.T, r *running) {
	r.breaks("provider-outage")
	waitFor(t, "the payments to fail", func() bool {
		share := r.errorShare()
		return share >= 0.2 && share <= 0.4
	})
	if code, _ := get(t, r.ShopURL+"/"); code != http.StatusOK {
		t.Errorf("front page: %d", code)
	}
	if code, _ := r.control(http.MethodPost, "/heal/provider-outage"); code != http.StatusOK {
		t.Errorf("heal: %d", code)
	}
	r.mended()
	waitFor(t, "no more errors", func() bool { return r.errorShare() == 0 })
	answer, err := http.Post(r.ShopURL+"/checkout?user=1&product=1&quantity=1&card=tok_chargeDeclined", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusPaymentRequired {
		t.Errorf("a card that is declined: %s, want 402", answer.Status)
	}
}

// testHeal lets the world itself apply every true fix; that a fault can be
// started again is part of it.
func testHeal(t *testing.T, r *running) {
	for _, fault := range demo.Faults() {
		r.breaks(fault.Name)
		if code, _ := r.control(http.MethodPost, "/heal/"+fault.Name); code != http.StatusOK {
			t.Errorf("heal %s: status %d", fault.Name, code)
		}
		r.mended()
	}
}

func testPostgres(t *testing.T, r *running) {
	before := r.state().PostgresPID
	for _, verb := range []string{"pause", "resume", "stop"} {
		if code, _ := r.control(http.MethodPost, "/postgres/"+verb); code != http.StatusOK {
			t.Fatalf("%s: status %d", verb, code)
		}
	}
	if code, body := get(t, r.ShopURL+"/health"); code != http.StatusServiceUnavailable {
		t.Errorf("health without a database: %d %s, want 503", code, body)
	}
	if code, _ := r.control(http.MethodPost, "/postgres/start"); code != http.StatusOK {
		t.Fatalf("start: status %d", code)
	}
	if after := r.state().PostgresPID; after == before {
		t.Errorf("postmaster is still %d", after)
	}
	waitFor(t, "health with the database back", func() bool {
		code, _ := get(t, r.ShopURL+"/health")
		return code == http.StatusOK
	})
}

// asOperator runs a statement as the dashboard's role; a warning, such as for
// a table that it may not vacuum, is an error.
func (r *running) asOperator(sql string) {
	r.t.Helper()
	config, err := pgx.ParseConfig(strings.Replace(r.DSN, "user=postgres", "user=tocsin", 1))
	if err != nil {
		r.t.Fatal(err)
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { r.t.Errorf("%s: %s", sql, n.Message) }
	conn, err := pgx.ConnectConfig(r.t.Context(), config)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(r.t.Context())
	if _, err := conn.Exec(r.t.Context(), sql); err != nil {
		r.t.Errorf("%s: %v", sql, err)
	}
}
