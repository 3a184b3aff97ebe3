package alert

import (
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func TestOurOwnWorkIsNotBlamed(t *testing.T) {
	w := newWorld()
	calm(w)
	ours := holder(811, "tocsin:01HZY", "active", time.Hour)
	theirs := holder(812, "reports", "active", 3*time.Minute)
	ours.QueryAge, theirs.QueryAge = ptr(time.Hour), ptr(3*time.Minute)
	put(w, store.ActivityKey(), model.Activity{Sessions: []model.Session{ours}})
	if got := Diagnose(w, New(Defaults()).Step(w)); got.Found() {
		t.Errorf("alone: got %s", got.Summary)
	}
	put(w, store.ActivityKey(), model.Activity{Sessions: []model.Session{ours, theirs}})
	if got := Diagnose(w, New(Defaults()).Step(w)); got.Args["pid"] != "812" {
		t.Errorf("beside another: got %s", got.Summary)
	}
}

func TestTheLoadIsThatOfTheAppThatGrew(t *testing.T) {
	w := newWorld()
	for name, now := range map[string]int64{"admin": 60, "shop": 6000, "tools": 3} {
		put(w, store.AppKey(name), model.App{Name: name, Windows: []model.AppWindow{{Window: time.Minute, Elapsed: time.Minute, Requests: now}}})
	}
	w.history("http.rate", model.Labels{"app": "admin", "window": "1m"}, 1, 1, w.now)
	w.history("http.rate", model.Labels{"app": "shop", "window": "1m"}, 40, 40, w.now)
	if got, want := newScene(w, nil, nil).loadLine(), "load: shop 100 requests/s, 2.5 times the usual"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFullRedisDoesNotBlamePostgreSQL(t *testing.T) {
	w := newWorld()
	calm(w)
	fail(w, store.RedisKey(), model.Fail{Class: model.Full, Text: "max number of clients reached", Since: w.now})
	if got := Diagnose(w, New(Defaults()).Step(w)); got.Found() {
		t.Errorf("got %s", got.Summary)
	}
}

func TestWhoWaitsForTwoCountsOnceAsInTheTree(t *testing.T) {
	a := model.Activity{Sessions: []model.Session{
		{PID: 1}, {PID: 2, BlockedBy: []int{1}}, {PID: 3},
		{PID: 4, BlockedBy: []int{3, 1}}, {PID: 5, BlockedBy: []int{3}},
	}}
	got, ok := rootOf(a)
	if tree := a.LockTree(); !ok || got.pid != tree[0].PID || got.behind != tree[0].Waits || got.behind != 2 {
		t.Errorf("got pid %d with %d behind, the tree says pid %d with %d", got.pid, got.behind, tree[0].PID, tree[0].Waits)
	}
}
