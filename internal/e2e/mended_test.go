package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"tocsin/internal/testkit"
)

// errorShare lets customers make their next forty requests and returns the
// share of them that failed.
func (in *incident) errorShare() float64 {
	in.t.Helper()
	was, now := in.state(), in.state()
	in.until("forty requests", func() bool {
		now = in.state()
		return now.Requests >= was.Requests+40
	})
	return float64(now.Errors-was.Errors) / float64(now.Requests-was.Requests)
}

func badDeployBroken(in *incident) {
	if got := in.state().Build; got != "v4" {
		in.t.Errorf("the shop serves %s, want v4", got)
	}
	if said, real := in.number(1), 100*in.errorShare(); said < 2 || real < 2 {
		in.t.Errorf("the verdict says %.1f %% errors, there are %.1f %%", said, real)
	}
}

func badDeployMended(in *incident) {
	if s := in.state(); s.Build != "v3" || len(s.Faults) > 0 {
		in.t.Errorf("the shop serves %s with faults %v, want v3 and none", s.Build, s.Faults)
	}
	if _, metrics := fetch(in.t, http.MethodGet, in.shopURL()+"/metrics", ""); !strings.Contains(string(metrics), `version="v3"`) {
		in.t.Error("the shop's own metrics do not name v3")
	}
	if got := in.liveAtProvider(); got != in.state().Deployment {
		in.t.Errorf("the provider serves %s, want %s", got, in.state().Deployment)
	}
	if share := in.errorShare(); share > 0 {
		in.t.Errorf("%.1f %% errors after the rollback", 100*share)
	}
}

// liveAtProvider asks the provider which deployment is in production.
func (w *world) liveAtProvider() string {
	w.t.Helper()
	code, body := fetch(w.t, http.MethodGet, w.target.Vercel.BaseURL+"/v9/projects/shop?slug=acme", read(w.t, w.target.Vercel.Token.File))
	var project struct {
		Targets struct{ Production struct{ ID string } }
	}
	if err := json.Unmarshal(body, &project); err != nil || code != http.StatusOK {
		w.t.Fatalf("provider: %d %v", code, err)
	}
	return project.Targets.Production.ID
}

// badDeployUndone takes the rollback back with the key for it.
func badDeployUndone(in *incident) {
	in.screen.Keys("u")
	in.screen.WaitFor("Promote build", limit)
	in.screen.WaitFor("new builds go live by themselves again", limit)
	in.confirm("production serves v4 after")
	if got := in.state().Build; got != "v4" {
		in.t.Errorf("the shop serves %s after the undo, want v4", got)
	}
	if got, want := in.audit(), "deploy.promote intent,deploy.promote result ok"; !strings.Contains(got, want) {
		in.t.Errorf("audit %q, want %q in it", got, want)
	}
}

const waitingSQL = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

func lockPileupBroken(in *incident) {
	pid := testkit.One[float64](in.t, in.admin, "SELECT pid::float8 FROM pg_stat_activity WHERE application_name = 'worker' AND state = 'idle in transaction'")
	if in.number(2) != pid {
		in.t.Errorf("the verdict names pid %v, it is %v", in.number(2), pid)
	}
	if said, real := in.number(1), testkit.One[int](in.t, in.admin, waitingSQL); said < 6 || real < 6 {
		in.t.Errorf("the verdict says %v wait, there are %d", said, real)
	}
	// A chain of four, as the view of the locks draws it.
	in.screen.Keys("1")
	in.screen.WaitUntil("the tree of locks", limit, func(screen string) bool {
		return regexp.MustCompile(`(?s)worker .*loyalty .*crm-sync .*newsletter `).MatchString(screen)
	})
	in.t.Log(in.screen.Screen())
	in.screen.Keys("0")
}

func lockPileupMended(in *incident) {
	in.gone()
	in.until("the queue to drain", func() bool { return testkit.One[int](in.t, in.admin, waitingSQL) == 0 })
	if testkit.One[bool](in.t, in.admin, "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = 'cart_indexed')") {
		in.t.Error("the change of the table was not rolled back")
	}
	in.until("checkouts that succeed", func() bool { return in.errorShare() == 0 })
}

// gone checks that the session which the verdict named does not run any more.
func (in *incident) gone() {
	in.t.Helper()
	if testkit.One[bool](in.t, in.admin, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND state <> 'idle')", in.pid()) {
		in.t.Errorf("pid %d still runs", in.pid())
	}
}

// pid is the process that the verdict names.
func (in *incident) pid() int {
	for _, group := range in.said[1:] {
		if n, err := strconv.Atoi(group); err == nil && strings.Contains(in.said[0], "pid "+group) {
			return n
		}
	}
	return 0
}

const (
	leakedSQL = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'report-worker'"
	shopSQL   = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('api', 'web', 'worker', 'cron')"
)

func connectionsBroken(in *incident) {
	if said, real := in.number(1), testkit.One[float64](in.t, in.admin, leakedSQL); said < 19 || said > real || real < 40 {
		in.t.Errorf("the verdict says %v sessions, there are %v", said, real)
	}
	if left := testkit.One[int](in.t, in.admin, shopSQL); left > 1 {
		in.t.Errorf("the shop has %d connections, want none", left)
	}
	if share := in.errorShare(); share < 0.2 {
		in.t.Errorf("%.1f %% errors while the shop gets no connection", 100*share)
	}
}

func connectionsMended(in *incident) {
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
	in.until("the last leaked session to end", func() bool { return testkit.One[int](in.t, in.admin, leakedSQL) == 0 })
	in.until("checkouts that succeed", func() bool { return in.errorShare() == 0 })
	if got := testkit.One[int](in.t, in.admin, shopSQL); got == 0 {
		in.t.Error("the shop has no connection")
	}
}

const behindSQL = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 FROM pg_stat_replication WHERE application_name = 'r1'"

func replicaBroken(in *incident) {
	if said, real := in.number(1), testkit.One[float64](in.t, in.admin, behindSQL)/(1<<20); said < 64 || said > real+1 {
		in.t.Errorf("the verdict says %v MiB, it is %.1f MiB behind", said, real)
	}
	if !testkit.One[bool](in.t, in.adminOf(in.target.Postgres.Standbys[0].DSN), "SELECT pg_is_wal_replay_paused()") {
		in.t.Error("the replay is not paused")
	}
}

func replicaMended(in *incident) {
	standby := in.adminOf(in.target.Postgres.Standbys[0].DSN)
	if testkit.One[bool](in.t, standby, "SELECT pg_is_wal_replay_paused()") {
		in.t.Error("the replay is still paused")
	}
	in.until("the standby to catch up", func() bool { return testkit.One[float64](in.t, in.admin, behindSQL) < 1<<20 })
	order := testkit.One[int](in.t, in.admin, "SELECT max(id)::int FROM orders")
	in.until("the newest order on the standby", func() bool { return testkit.One[int](in.t, standby, "SELECT max(id)::int FROM orders") >= order })
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
}

// logSQL is the size of the folder of the log, in MiB.
const logSQL = "SELECT sum(size)::float8 / 1048576 FROM pg_ls_waldir()"

func diskBroken(in *incident) {
	kept := testkit.One[float64](in.t, in.admin, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 / 1048576 FROM pg_replication_slots WHERE slot_name = 'r0'")
	if said := in.number(2); said < 250 || said > kept+1 {
		in.t.Errorf("the verdict says %v MiB, the slot keeps %.1f MiB", said, kept)
	}
	if holds := testkit.One[float64](in.t, in.admin, logSQL); holds < 256 {
		in.t.Errorf("the folder of the log holds %.0f MiB", holds)
	}
}

func diskMended(in *incident) {
	if n := testkit.One[int](in.t, in.admin, "SELECT count(*)::int FROM pg_replication_slots"); n != 0 {
		in.t.Errorf("%d slots are left", n)
	}
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
	testkit.Exec(in.t, in.admin, "CHECKPOINT")
	if holds := testkit.One[float64](in.t, in.admin, logSQL); holds > in.number(2)/2 {
		in.t.Errorf("the folder of the log still holds %.0f MiB", holds)
	}
}

const deadSQL = "SELECT n_dead_tup::float8 FROM pg_stat_user_tables WHERE relid = 'public.events'::regclass"

func bloatBroken(in *incident) {
	dead := testkit.One[float64](in.t, in.admin, deadSQL)
	if said := in.number(2); said < 0.8*dead || said > 1.2*dead {
		in.t.Errorf("the verdict says %v dead rows, there are %v", said, dead)
	}
	if share := 100 * in.number(2) / in.number(3); in.number(1) < share-0.5 || in.number(1) > share+0.5 {
		in.t.Errorf("the verdict says %v %%, but %v of %v", in.number(1), in.number(2), in.number(3))
	}
}

func bloatMended(in *incident) {
	if dead := testkit.One[float64](in.t, in.admin, deadSQL); dead > in.number(2)/10 {
		in.t.Errorf("%v dead rows are left of %v", dead, in.number(2))
	}
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
}

// snapshotBroken checks that a vacuum is of no use, and that its card says so.
func snapshotBroken(in *incident) {
	if n := testkit.One[int](in.t, in.admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND application_name = 'psql' AND backend_xmin IS NOT NULL", in.pid()); n != 1 {
		in.t.Errorf("pid %d of the verdict is not the analyst's", in.pid())
	}
	text, code := in.command("do", "pg.vacuum", "table=public.events", "--dry-run")
	if want := fmt.Sprintf("frees nothing of what died since the snapshot of pid %d (app=psql, role reports, idle in transaction)", in.pid()); code != 0 ||
		!strings.Contains(strings.Join(strings.Fields(text), " "), want) {
		in.t.Errorf("code %d, the plan of the vacuum does not say %q:\n%s", code, want, text)
	}
	before := testkit.One[float64](in.t, in.admin, deadSQL)
	testkit.Exec(in.t, in.admin, "VACUUM public.events")
	in.until("the vacuum to be counted", func() bool {
		return testkit.One[bool](in.t, in.admin, "SELECT vacuum_count > 1 FROM pg_stat_user_tables WHERE relid = 'public.events'::regclass")
	})
	if after := testkit.One[float64](in.t, in.admin, deadSQL); after < 0.9*before {
		in.t.Errorf("a vacuum under the snapshot left %v dead rows of %v", after, before)
	}
}

func snapshotMended(in *incident) {
	in.gone()
	if testkit.One[bool](in.t, in.admin, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'psql')") {
		in.t.Error("the analyst's session is still there")
	}
}

// snapshotVacuumed does what the verdict offers next, unless autovacuum was
// sooner: the rows that were kept are gone.
func snapshotVacuumed(in *incident) {
	freed := func() bool { return testkit.One[float64](in.t, in.admin, deadSQL) < in.number(2)/10 }
	offered := false
	in.screen.WaitUntil("the vacuum to be offered", limit, func(screen string) bool {
		offered = verdict(screen, "V vacuum it") != ""
		return offered || freed()
	})
	if offered {
		in.screen.Keys("V")
		in.confirm("vacuumed in ")
	}
	in.until("the dead rows to be freed", freed)
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
}

// frontPage is the shop's front page as it lies in the cache. A page that has
// just expired is made anew by the next customer.
func (in *incident) frontPage() (text string, pinned bool) {
	in.t.Helper()
	client := in.cache()
	in.until("a front page in the cache", func() bool {
		var err error
		text, err = client.Get(in.t.Context(), "page:front").Result()
		return err == nil
	})
	var page struct{ Pinned bool }
	must(in.t, json.Unmarshal([]byte(text), &page))
	return text, page.Pinned
}

func staleCacheBroken(in *incident) {
	text, pinned := in.frontPage()
	if !pinned || in.number(1) < 10 {
		in.t.Errorf("the verdict says %v s, the page is pinned: %v", in.number(1), pinned)
	}
	in.before = text
}

func staleCacheMended(in *incident) {
	if text, pinned := in.frontPage(); pinned || text == in.before {
		in.t.Errorf("the cached page is what it was, pinned: %v", pinned)
	}
	if n, err := in.cache().Keys(in.t.Context(), "session:*").Result(); err != nil || len(n) == 0 {
		in.t.Errorf("%d sessions of customers are left in the cache (%v)", len(n), err)
	}
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
}

func slowQueryBroken(in *incident) {
	age := testkit.One[float64](in.t, in.admin, "SELECT extract(epoch FROM clock_timestamp() - query_start)::float8 FROM pg_stat_activity WHERE pid = $1 AND application_name = 'reports'", in.pid())
	if said := in.number(2); said < 5 || said > age {
		in.t.Errorf("the verdict says %v s, the statement has been running for %.1f s", said, age)
	}
}

func slowQueryMended(in *incident) {
	in.gone()
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
}

// promoKey is the key of the cache that the spike is about.
const promoKey = "promo:active"

func errorSpikeBroken(in *incident) {
	if share := in.errorShare(); share < 0.15 {
		in.t.Errorf("%.0f %% of the customers fail, want the checkouts", 100*share)
	}
	if got := in.state().Build; got != "v3" {
		in.t.Errorf("the shop serves %s: no build changed", got)
	}
	text, err := in.cache().Get(in.t.Context(), promoKey).Result()
	if err != nil || !strings.HasPrefix(text, "<html>") {
		in.t.Errorf("%s holds %q, %v", promoKey, text, err)
	}
}

func errorSpikeMended(in *incident) {
	if share := in.errorShare(); share > 0 {
		in.t.Errorf("%.0f %% of the customers still fail", 100*share)
	}
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
	if text, err := in.cache().Get(in.t.Context(), promoKey).Result(); err == nil && strings.HasPrefix(text, "<html>") {
		in.t.Errorf("%s still holds %q", promoKey, text)
	}
}

// cartKeys is how many carts are among a thousand keys of the cache.
func (in *incident) cartKeys() int {
	in.t.Helper()
	keys, _, err := in.cache().Scan(in.t.Context(), 0, "cart:*", 1000).Result()
	must(in.t, err)
	return len(keys)
}

func cacheLeakBroken(in *incident) {
	if in.cartKeys() == 0 || in.number(1) < 1000 || in.number(2) < 40 {
		in.t.Errorf("the verdict says %v keys with %v %% of the memory; %d of a thousand keys are carts", in.number(1), in.number(2), in.cartKeys())
	}
}

func cacheLeakMended(in *incident) {
	in.until("the fault to end", func() bool { return len(in.state().Faults) == 0 })
	if n := in.cartKeys(); n > 0 {
		in.t.Errorf("%d of a thousand keys are carts", n)
	}
	in.until("pages in the cache again", func() bool {
		n, err := in.cache().Exists(in.t.Context(), "page:front").Result()
		return err == nil && n == 1
	})
}
