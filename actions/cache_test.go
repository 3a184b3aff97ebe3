package actions_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"tocsin/actions"
	"tocsin/internal/local"
	"tocsin/internal/testkit"
)

// cacheWith starts a real Redis with so many keys of a prefix, and ten others.
func cacheWith(t *testing.T, prefix string, n int) *redis.Client {
	t.Helper()
	server := testkit.Redis(t, local.RedisOptions{})
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), PoolSize: 1})
	t.Cleanup(func() { _ = client.Close() })
	_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for i := range n {
			p.Set(t.Context(), fmt.Sprint(prefix, i), "x", time.Hour)
		}
		for i := range 10 {
			p.Set(t.Context(), fmt.Sprint("session:", i), "x", 0)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func keysLeft(t *testing.T, client *redis.Client) int64 {
	t.Helper()
	n, err := client.DBSize(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPurge(t *testing.T) {
	client := cacheWith(t, "page:", 2345)
	facts := &gauges{}
	facts.set("cache.hit_ratio", 96)
	facts.set("db.connections.used", 86)
	r := newRunner(t, actions.Options{}, actions.CachePurge(actions.Cache{Redis: client, Facts: facts}))

	p, err := r.Plan(t.Context(), "cache.purge", actions.Args{"prefix": "page:"})
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, notesOf(p), "removes: 2,345 keys of 2,355 keys in the database", "the cache answers 96", "headroom: 86", "will not: touch other keys")
	if keysLeft(t, client) != 2355 {
		t.Fatal("the plan changed something")
	}
	var steps int
	out, err := r.Do(t.Context(), actions.Order{Action: "cache.purge", Args: actions.Args{"prefix": "page:"}, Confirm: yes, Step: func(actions.Progress) { steps++ }})
	if err != nil || !strings.HasPrefix(out.Text, "removed 2,345 keys in ") || steps == 0 {
		t.Fatalf("%v, %+v, %d steps", err, out, steps)
	}
	if left := keysLeft(t, client); left != 10 {
		t.Errorf("%d keys are left, want the 10 others", left)
	}
}

// Keys without an end may be the only copy of what they hold.
func TestThePurgeCardWarnsOfKeysWithoutAnEnd(t *testing.T) {
	client := cacheWith(t, "page:", 5)
	facts := &gauges{}
	facts.set("cache.hit_ratio", 96)
	facts.set("db.connections.used", 86)
	purge := actions.CachePurge(actions.Cache{Redis: client, Facts: facts})
	for prefix, want := range map[string]string{
		"session:": "only copy?: 10 of 10 keys looked at have no end: they may be held nowhere else, so ask who owns them (runbook cache-leak)",
		"page:":    "origin: the cache answers 96",
	} {
		p, err := purge.Plan(t.Context(), actions.Args{"prefix": prefix})
		if err != nil {
			t.Fatal(err)
		}
		notes := notesOf(p)
		wantText(t, notes, want, "headroom: 86")
		if prefix == "session:" && strings.Contains(notes, "goes to the database") {
			t.Errorf("the card says that the database has them:\n%s", notes)
		}
	}
}

// endless is a big Redis without a key of the prefix; it counts its batches.
type endless struct {
	actions.Keyspace
	batches int
}

func (e *endless) Scan(ctx context.Context, cursor uint64, _ string, _ int64) *redis.ScanCmd {
	e.batches++
	next := cursor + 1
	if next == 3000 {
		next = 0
	}
	return redis.NewScanCmdResult(nil, next, nil)
}

func (e *endless) DBSize(context.Context) *redis.IntCmd { return redis.NewIntResult(1_500_000, nil) }

// Looking for keys is work for the server too: it is done at a pace.
func TestPurgeLooksAtAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &endless{}
		purge := actions.CachePurge(actions.Cache{Redis: server})
		began := time.Now()
		plan, err := purge.Plan(t.Context(), actions.Args{"prefix": "page:"})
		if err != nil || time.Since(began) > 2*time.Second+100*time.Millisecond || server.batches > 1100 {
			t.Errorf("the plan took %d batches in %s, %v", server.batches, time.Since(began), err)
		}
		server.batches, began = 0, time.Now()
		if _, err := purge.Run(t.Context(), plan, func(actions.Progress) {}); err != nil || time.Since(began) < 5*time.Second {
			t.Errorf("the purge took %d batches in %s, %v", server.batches, time.Since(began), err)
		}
	})
}

func TestPurgeRefusals(t *testing.T) {
	client := cacheWith(t, "page:", 5)
	action := actions.CachePurge(actions.Cache{Redis: client})
	r := newRunner(t, actions.Options{}, action)
	for _, prefix := range []string{"", "*", "page:*", "page?", "[p]", `\`, "none:", "page:\n"} {
		out, err := do(t, r, "cache.purge", actions.Args{"prefix": prefix})
		if err == nil || out.Ending != actions.Refused {
			t.Errorf("prefix %q: ended %s", prefix, out.Ending)
		}
		if prefix == "none:" {
			continue
		}
		if _, err := action.Run(t.Context(), actions.Plan{Args: actions.Args{"prefix": prefix}}, func(actions.Progress) {}); err == nil {
			t.Errorf("prefix %q ran", prefix)
		}
	}
	if left := keysLeft(t, client); left != 15 {
		t.Errorf("%d keys are left", left)
	}
}

// What was removed before an end is told, and stays removed.
func TestPurgeCancelled(t *testing.T) {
	client := cacheWith(t, "page:", 20_000)
	r := newRunner(t, actions.Options{}, actions.CachePurge(actions.Cache{Redis: client}))
	out, err := r.Do(t.Context(), actions.Order{Action: "cache.purge", Args: actions.Args{"prefix": "page:"}, Confirm: yes, Step: func(actions.Progress) {
		for _, c := range r.Running() {
			if err := r.Cancel(c.ID); err != nil {
				t.Error(err)
			}
		}
	}})
	left := keysLeft(t, client)
	if out.Ending != actions.Cancelled || err == nil || len(out.Result.Done) != 1 || left == 10 || left == 20_010 {
		t.Errorf("ended %s with %v, done %v, %d left", out.Ending, err, out.Result.Done, left)
	}
}

func TestPurgeWithoutServer(t *testing.T) {
	client := cacheWith(t, "page:", 3)
	r := newRunner(t, actions.Options{}, actions.CachePurge(actions.Cache{Redis: client}))
	stop := func(ctx context.Context, c actions.Card) (actions.Answer, error) {
		client.Do(ctx, "REPLICAOF", "127.0.0.1", "1") // a replica takes no changes
		return yes(ctx, c)
	}
	out, err := r.Do(t.Context(), actions.Order{Action: "cache.purge", Args: actions.Args{"prefix": "page:"}, Confirm: stop})
	if out.Ending != actions.Failed || len(out.Result.Done) > 0 || !strings.Contains(err.Error(), "READONLY") {
		t.Errorf("ended %s with %v", out.Ending, err)
	}
}
