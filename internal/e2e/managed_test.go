package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"tocsin/internal/testkit"
)

// managedByKeys does what can be done at Supabase to the shop's database, what
// restarts it last.
func managedByKeys(in *incident) {
	in.setsPooler()
	in.liftsBan()
	in.addsReplica()
	in.changesMachine()
	in.restores()
}

// managed asks Supabase itself about the project.
func (in *incident) managed(method, path string, into any) {
	in.t.Helper()
	to := in.target.Supabase
	in.provider(method, to.BaseURL+"/v1/projects/"+to.Project+path, to.Token.File, into)
}

// pooler is one of the project's poolers.
type pooler struct {
	Type string `json:"database_type"`
	Size *int   `json:"default_pool_size"`
	Mode string `json:"pool_mode"`
}

func (in *incident) poolers(kind string) (some []pooler) {
	in.t.Helper()
	var all []pooler
	in.managed(http.MethodGet, "/config/database/pooler", &all)
	for _, one := range all {
		if one.Type == kind {
			some = append(some, one)
		}
	}
	return some
}

func (in *incident) setsPooler() {
	in.t.Helper()
	in.calls("supabase.pooler.set", `now default connections, transaction becomes 25 connections, session breaks a client keeps`, "25", "session")
	in.does("25 connections")
	if got := in.poolers("PRIMARY"); len(got) != 1 || got[0].Size == nil || *got[0].Size != 25 || got[0].Mode != "session" {
		in.t.Errorf("Supabase has the poolers %+v, want 25 connections, session", got)
	}
	in.recordedAs("supabase.pooler.set", "intent,result ok")
}

// liftsBan lets the partner in, whom nobody had missed.
func (in *incident) liftsBan() {
	in.t.Helper()
	in.until("the partner to be shut out", func() bool { return in.state().Partner != "" })
	in.selects("4]", "shut out", "shut out")
	in.calls("supabase.unban", `DELETE network-bans: 127\.0\.0\.66.*shut out again within minutes`)
	in.does(`127\.0\.0\.66 is let in again`)
	in.until("the partner to get at the orders", func() bool { return in.state().Partner == "" })
	var bans struct {
		Banned []struct{ Address string } `json:"banned_ipv4_addresses"`
	}
	in.managed(http.MethodPost, "/network-bans/retrieve/enriched", &bans)
	if len(bans.Banned) > 0 {
		in.t.Errorf("Supabase still shuts out %+v", bans.Banned)
	}
	in.recordedAs("supabase.unban", "intent,result ok")
}

func (in *incident) addsReplica() {
	in.t.Helper()
	in.calls("supabase.replica.add", `POST read-replicas/setup: us-east-1.*costs as much as the machine of the primary`, "us-east-1")
	in.does(`replica \S+ is there after`)
	if got := in.poolers("READ_REPLICA"); len(got) != 1 {
		in.t.Errorf("Supabase has the replicas %+v, want one", got)
	}
	in.recordedAs("supabase.replica.add", "intent,result ok")
}

// changesMachine is followed until the database is back, with more room.
func (in *incident) changesMachine() {
	in.t.Helper()
	const room = "SELECT current_setting('max_connections')::int"
	before := testkit.One[int](in.t, in.world.admin(), room)
	in.calls("supabase.compute.set", `becomes Small \(ci_small\).*more a month.*goes down the database restarts`, "ci_small")
	in.does("the project runs on ci_small after")
	if after := testkit.One[int](in.t, in.world.admin(), room); before >= 90 || after != 90 {
		in.t.Errorf("the server takes %d connections, took %d; want 90", after, before)
	}
	var addons struct {
		Selected []struct {
			Variant struct{ ID string }
		} `json:"selected_addons"`
	}
	in.managed(http.MethodGet, "/billing/addons", &addons)
	if len(addons.Selected) == 0 || addons.Selected[0].Variant.ID != "ci_small" {
		in.t.Errorf("Supabase has %+v, want ci_small", addons)
	}
	in.recordedAs("supabase.compute.set", "intent,result ok")
}

// restores puts the database back to before the world began: what came since is
// gone, what was before is there.
func (in *incident) restores() {
	in.t.Helper()
	at := time.Now().Add(-3 * time.Minute).UTC().Truncate(time.Second)
	const newer, older = "SELECT count(*)::int FROM orders WHERE created_at > $1 AND created_at < $2", "SELECT count(*)::int FROM orders WHERE created_at <= $1"
	before := in.world.admin()
	lost, kept := testkit.One[int](in.t, before, newer, at, time.Now()), testkit.One[int](in.t, before, older, at)
	if lost == 0 || kept == 0 {
		in.t.Fatalf("%d orders are newer than %v and %d older: nothing is to be seen of a restore", lost, at, kept)
	}
	project := in.target.Supabase.Project
	card := in.calls("supabase.restore", "type "+project+" to restore it", at.Format(time.RFC3339))
	for _, says := range []string{`destructive`, `loses all that was written since ` + at.Format("2006-01-02 15:04:05Z"), `nor taken back`} {
		if !regexp.MustCompile(says).MatchString(strings.Join(strings.Fields(in.screen.Screen()), " ") + card) {
			in.t.Errorf("the card does not say %s:\n%s", says, card)
		}
	}
	in.screen.Keys("y\r") // no answer to a question like this
	in.screen.WaitFor("that is not "+project, limit)
	in.screen.Keys("\x15\tthe orders of the last minutes are false\t")
	in.does("the database is as of " + at.Format(time.RFC3339))
	after := in.world.admin()
	restarted := testkit.One[time.Time](in.t, after, "SELECT pg_postmaster_start_time()")
	if left := testkit.One[int](in.t, after, newer, at, restarted); left > 0 {
		in.t.Errorf("%d of %d orders that are newer than %v are there", left, lost, at)
	}
	if got := testkit.One[int](in.t, after, older, at); got != kept {
		in.t.Errorf("%d orders are from before, want %d", got, kept)
	}
	in.recordedAs("supabase.restore", "intent,result ok")
}
