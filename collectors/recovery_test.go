package collectors

import (
	"context"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/sched"
	"tocsin/internal/store"
	"tocsin/internal/testkit"
)

// postgresJobs are all that a target reads of a server, the lead first.
func postgresJobs(t *testing.T, s *store.Store, d database) []sched.Job {
	server := d.watch(t, "postgres")
	lead := sched.Timing{Every: time.Second, Timeout: 3 * time.Second, Retry: 500 * time.Millisecond, MaxWait: time.Second, Group: "postgres"}
	slow := sched.Timing{Every: 30 * time.Second, Timeout: 7 * time.Second, Group: "postgres"}
	return []sched.Job{
		sched.NewJob(s, store.ConnectionsKey(), Connections{Server: server}, lead),
		sched.NewJob(s, store.ActivityKey(), Activity{Server: server}, lead),
		sched.NewJob(s, store.StatementsKey(), &Statements{Server: server}, slow),
		sched.NewJob(s, store.TablesKey(), &Tables{Server: server}, slow),
	}
}

// awaitStates waits until every source is in a state.
func awaitStates(t *testing.T, s *store.Store, want store.State, limit time.Duration) {
	t.Helper()
	defer tellStates(t, s)
	testkit.Until(t, limit, "every source to be "+string(want), func(context.Context) bool {
		for _, src := range s.View().Sources() {
			if src.State != want {
				return false
			}
		}
		return true
	})
}

// tellStates says of a failed test how the sources were.
func tellStates(t *testing.T, s *store.Store) {
	for _, src := range s.View().Sources() {
		if t.Failed() {
			t.Logf("%s is %s: %v, read at %s", src.Name, src.State, src.Fail, src.At)
		}
	}
}

// A server that stops takes all its sources down at once, and all are back
// within two seconds after it is.
func TestSourcesFailAndRecoverTogether(t *testing.T) {
	p := testkit.Postgres(t, local.PostgresOptions{})
	d := database{server: p, name: "postgres"}
	testkit.Exec(t, d.admin(t), "CREATE EXTENSION pg_stat_statements", "CHECKPOINT") // else the crash forgets it
	s := store.New()
	jobs := postgresJobs(t, s, d)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		sched.Run(ctx, jobs...)
	}()
	defer func() {
		cancel()
		<-done
	}()
	awaitStates(t, s, store.OK, 10*time.Second)

	p.Kill()
	awaitStates(t, s, store.Error, 5*time.Second)
	for _, src := range s.View().Sources() {
		if src.Fail.Class != model.Down {
			t.Errorf("%s: %+v", src.Name, src.Fail)
		}
	}
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaitStates(t, s, store.OK, 2*time.Second)

	defer tellStates(t, s)
	// A server that hangs is down for all within their limits, and comes back.
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, 12*time.Second, "the fast sources to be down", func(context.Context) bool {
		down := 0
		for _, src := range s.View().Sources() {
			if src.Fail != nil && src.Fail.Class == model.Down {
				down++
			}
		}
		return down >= 2
	})
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	awaitStates(t, s, store.OK, 5*time.Second)
}
