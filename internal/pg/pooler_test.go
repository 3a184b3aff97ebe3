package pg_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

func TestPooler(t *testing.T) {
	t.Parallel()
	s := open(t, pg.Config{DSN: testkit.Pooler(t, servers.Postgres(t)).DSN("postgres"), Spare: true})
	testkit.Until(t, 10*time.Second, "the pooler to answer", func(ctx context.Context) bool {
		_, err := read(ctx, s.Fast(), "SELECT 1::bigint AS n")
		return err == nil
	})
	// Both lanes at once, so that statements go to changing backends.
	var reads sync.WaitGroup
	for _, lane := range []*pg.Lane{s.Fast(), s.Slow()} {
		reads.Go(func() {
			for i := range int64(50) {
				if got, err := read(t.Context(), lane, "SELECT $1::bigint AS n", i); err != nil || got != i {
					t.Errorf("got %d, %v, want %d", got, err, i)
				}
			}
		})
	}
	reads.Wait()
	const member = "SELECT 1::bigint AS n WHERE 7 = ANY ($1::int[]) AND 8 = ANY ($2::bigint[])"
	if _, err := read(t.Context(), s.Fast(), member, []int{7}, []int64{8}); err != nil {
		t.Errorf("arrays: %v", err)
	}
	caps, err := pg.Read(t.Context(), s.Fast(), func(_ context.Context, s *pg.Session) (pg.Caps, error) { return s.Caps(), nil })
	if err != nil || !caps.Pooled {
		t.Errorf("caps %+v, %v, want pooled", caps, err)
	}
	_, err = s.Action(within(t, 5*time.Second))
	wantFail(t, err, model.Missing, "give the direct address of the server")
}
