package actions_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/actions"
	"tocsin/internal/local"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// pair is a primary with a standby of a test's own.
type pair struct {
	*testing.T
	primary, standby  *local.Postgres
	writes, reads     *pgx.Conn // superuser
	asPrimary, asRead *pg.Server
}

func newPair(t *testing.T, major int) *pair {
	t.Helper()
	p := &pair{T: t, primary: testkit.PostgresMajor(t, major, local.PostgresOptions{})}
	p.standby = testkit.Standby(t, p.primary, "r1")
	p.writes = testkit.Connect(t, p.primary.DSN("postgres", "postgres"))
	p.reads = testkit.Connect(t, p.standby.DSN("postgres", "postgres"))
	testkit.Exec(t, p.writes, "CREATE ROLE watcher LOGIN IN ROLE pg_monitor")
	testkit.Until(t, 10*time.Second, "the role on the standby", func(context.Context) bool {
		return testkit.One[bool](t, p.reads, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'watcher')")
	})
	p.asPrimary, p.asRead = p.as(p.primary), p.as(p.standby)
	return p
}

func (p *pair) as(server *local.Postgres) *pg.Server {
	p.Helper()
	out, err := pg.Open(pg.Config{DSN: server.DSN("postgres", "watcher")})
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(out.Close)
	return out
}

func (p *pair) runner() *actions.Runner {
	p.Helper()
	s := actions.Standbys{Server: p.asPrimary, Named: map[string]*pg.Server{"r1": p.asRead}}
	return newRunner(p.T, actions.Options{}, actions.ReplayResume(s), actions.ReplayPause(s))
}

func (p *pair) paused() bool {
	p.Helper()
	return testkit.One[bool](p.T, p.reads, "SELECT pg_is_wal_replay_paused()")
}

// grants gives the watcher a function, on the standby as well.
func (p *pair) grants(function string) {
	p.Helper()
	testkit.Exec(p.T, p.writes, "GRANT EXECUTE ON FUNCTION "+function+"() TO watcher")
	p.granted(function)
}

func (p *pair) granted(function string) {
	p.Helper()
	testkit.Until(p.T, 10*time.Second, "the grant on the standby", func(context.Context) bool {
		return testkit.One[bool](p.T, p.reads, "SELECT has_function_privilege('watcher', $1, 'EXECUTE')", function+"()")
	})
}

// behind is how much the standby has to replay, as the primary tells it.
func (p *pair) behind() int64 {
	p.Helper()
	return testkit.One[int64](p.T, p.writes, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint FROM pg_stat_replication WHERE application_name = 'r1'")
}

// write makes log that the standby receives.
func (p *pair) write() {
	p.Helper()
	testkit.Exec(p.T, p.writes, "CREATE TABLE IF NOT EXISTS big (g int)", "INSERT INTO big SELECT generate_series(1, 50000)")
	want := testkit.One[string](p.T, p.writes, "SELECT pg_current_wal_lsn()::text")
	testkit.Until(p.T, 10*time.Second, "the log to arrive", func(context.Context) bool {
		return testkit.One[bool](p.T, p.reads, "SELECT pg_last_wal_receive_lsn() >= $1::text::pg_lsn", want)
	})
}

func (p *pair) refused(id string, args actions.Args, want string) {
	p.Helper()
	out, err := do(p.T, p.runner(), id, args)
	if err == nil || len(out.Result.Done) > 0 || !strings.Contains(err.Error(), want) {
		p.Errorf("%s %v ended %s with %v, want: %s", id, args, out.Ending, err, want)
	}
}

func TestReplay(t *testing.T) {
	r1 := actions.Args{"standby": "r1"}
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			t.Parallel()
			p := newPair(t, major)
			p.refused("pg.replay.resume", actions.Args{"standby": "r9"}, "no standby r9 with an address (postgres.standbys): these have: r1")
			p.refused("pg.replay.resume", actions.Args{}, "it is no standby")
			p.refused("pg.replay.resume", r1, "its replay is not paused")
			p.refused("pg.replay.pause", r1, "GRANT EXECUTE ON FUNCTION pg_wal_replay_pause() TO watcher")
			p.grants("pg_wal_replay_pause")

			out, err := do(t, p.runner(), "pg.replay.pause", r1)
			if err != nil || !strings.HasPrefix(out.Text, "paused in ") || !p.paused() {
				t.Fatalf("pause: %v, %s", err, out.Text)
			}
			p.refused("pg.replay.pause", r1, "paused already")
			p.refused("pg.replay.resume", r1, "GRANT EXECUTE ON FUNCTION pg_wal_replay_resume() TO watcher, as superuser on the primary, in database postgres")
			testkit.Exec(t, p.writes, "GRANT EXECUTE ON FUNCTION pg_wal_replay_resume() TO watcher")
			p.refused("pg.replay.resume", r1, "GRANT EXECUTE") // the standby does not replay the grant either
			testkit.Exec(t, p.reads, "SELECT pg_wal_replay_resume()")
			p.granted("pg_wal_replay_resume")
			testkit.Exec(t, p.reads, "SELECT pg_wal_replay_pause()")
			p.write()
			if p.behind() < 1<<20 {
				t.Fatalf("the standby is %d bytes behind", p.behind())
			}

			reader := testkit.Connect(t, p.standby.DSN("postgres", "postgres")+" application_name=pg_dump")
			testkit.Exec(t, reader, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1")
			plan, err := p.runner().Plan(t.Context(), "pg.replay.resume", r1)
			if err != nil || plan.Refuse != "" || plan.Danger != actions.Disruptive || plan.Target != "r1" {
				t.Fatalf("%v, %+v", err, plan)
			}
			wantText(t, notesOf(plan), "MiB that it has received", fmt.Sprintf("may break: a backup from it: pid %d (pg_dump)", reader.PgConn().PID()),
				"may cancel: 1 reader on it, the oldest for", "30s (max_standby_streaming_delay)")
			testkit.Exec(t, reader, "COMMIT")
			out, err = do(t, p.runner(), "pg.replay.resume", r1)
			if err != nil || !strings.HasPrefix(out.Text, "resumed in ") || p.paused() || out.Plan.Undo["standby"] != "r1" {
				t.Fatalf("resume: %v, %+v", err, out)
			}
			testkit.Until(t, 20*time.Second, "the standby to catch up", func(context.Context) bool { return p.behind() == 0 })
		})
	}
}

// What was due for removal on the primary during a long pause goes the moment
// that the standby replays again, and with it every statement there that might
// have seen it: also the one that resumed the replay, which holds all the same.
func TestReplayThatIsInItsOwnWay(t *testing.T) {
	p := newPair(t, 16)
	testkit.Exec(t, p.writes, // one that takes longer to return than the next record to be replayed
		`CREATE FUNCTION public.pg_wal_replay_resume() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS
			'BEGIN PERFORM pg_catalog.pg_wal_replay_resume(); PERFORM pg_sleep(20); END'`,
		"ALTER ROLE watcher SET search_path = public, pg_catalog")
	testkit.Exec(t, p.reads, "ALTER SYSTEM SET max_standby_streaming_delay = 0", "SELECT pg_reload_conf()")
	testkit.Until(t, 10*time.Second, "the setting on the standby", func(context.Context) bool {
		return testkit.One[bool](t, p.reads, "SELECT EXISTS (SELECT FROM pg_db_role_setting)")
	})
	p.asRead = p.as(p.standby)
	testkit.Exec(t, p.reads, "SELECT pg_wal_replay_pause()")
	testkit.Exec(t, p.writes, "CREATE TABLE gone AS SELECT generate_series(1, 1000) g", "DELETE FROM gone", "VACUUM gone")
	p.write()
	out, err := do(t, p.runner(), "pg.replay.resume", actions.Args{"standby": "r1"})
	if err != nil || !strings.HasPrefix(out.Text, "resumed in ") || p.paused() {
		t.Fatalf("%v, %+v", err, out)
	}
}

// A standby whose settings are too small for its primary would shut down.
func TestReplayIsNotResumedToShutDown(t *testing.T) {
	p := newPair(t, 15)
	p.grants("pg_wal_replay_resume")
	testkit.Exec(t, p.writes, "ALTER SYSTEM SET max_locks_per_transaction = 128")
	if err := p.primary.Halt(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.primary.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, 20*time.Second, "the server to pause the replay", func(context.Context) bool { return p.paused() })
	p.refused("pg.replay.resume", actions.Args{"standby": "r1"}, "max_locks_per_transaction = 64 is lower than on its primary, and a standby that goes on so shuts down")
}

func TestReplayOfThisServer(t *testing.T) {
	p := newPair(t, 16)
	p.grants("pg_wal_replay_resume")
	testkit.Exec(t, p.reads, "SELECT pg_wal_replay_pause()")
	alone := actions.Standbys{Server: p.asRead}
	out, err := do(t, newRunner(t, actions.Options{}, actions.ReplayResume(alone), actions.ReplayPause(alone)), "pg.replay.resume", actions.Args{})
	if err != nil || p.paused() || out.Plan.Target != "(this server)" {
		t.Errorf("%v, %+v", err, out)
	}
}

// A synchronous standby that is paused holds up every commit that waits for it.
func TestPauseOfASynchronousStandby(t *testing.T) {
	p := newPair(t, 17)
	p.grants("pg_wal_replay_pause")
	testkit.Exec(t, p.writes, "ALTER SYSTEM SET synchronous_standby_names = 'r1'", "ALTER SYSTEM SET synchronous_commit = 'remote_apply'", "SELECT pg_reload_conf()")
	testkit.Until(t, 10*time.Second, "the standby to be synchronous", func(context.Context) bool {
		return p.behind() == 0 && testkit.One[string](t, p.writes, "SELECT sync_state FROM pg_stat_replication") == "sync"
	})
	plan, err := p.runner().Plan(t.Context(), "pg.replay.pause", actions.Args{"standby": "r1"})
	if err != nil || plan.Refuse != "" || plan.Danger != actions.Destructive {
		t.Errorf("%v, %+v", err, plan)
	}
	wantText(t, notesOf(plan), "breaks: commits on the primary that wait for it to apply them (it is sync, synchronous_commit = remote_apply)")
}
