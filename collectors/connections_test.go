package collectors

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

// It counts all connections of a shared server, so it runs alone.
func TestConnections(t *testing.T) {
	everyMajor(t, func(t *testing.T, d database) {
		watcher := d.watch(t, d.role(t, "watch", "pg_monitor"))
		limited := d.role(t, "limited", "")
		testkit.Exec(t, d.admin(t), "ALTER ROLE "+limited+" CONNECTION LIMIT 3")
		before := collect(t, Connections{Server: watcher})
		testkit.Exec(t, d.admin(t), "SET application_name = 'checkout'", "BEGIN")
		testkit.Connect(t, d.server.DSN(d.name, limited))

		got := collect(t, Connections{Server: watcher})
		if got.Max != 100 || got.Reserved != 3 || got.Standby || !strings.HasPrefix(got.Version, strconv.Itoa(d.major)+".") {
			t.Errorf("head: %+v", got)
		}
		if got.Clients != before.Clients+2 {
			t.Errorf("clients rose from %d to %d, want by 2", before.Clients, got.Clients)
		}
		if n := got.State("idle in transaction"); n != before.State("idle in transaction")+1 {
			t.Errorf("idle in transaction: %d", n)
		}
		if n := got.State("active"); n != 0 {
			t.Errorf("active: %d; our own query must not count", n)
		}
		if !slices.Contains(got.ByApp, model.Count{Name: "checkout", N: 1}) || !slices.Contains(got.ByApp, model.Count{Name: "tocsin", N: 1}) {
			t.Errorf("by application: %v", got.ByApp)
		}
		want := []model.SlotsLimit{{Kind: "role", Name: limited, Limit: 3, Used: 1}}
		if diff := cmp.Diff(want, got.Limits); diff != "" {
			t.Error(diff)
		}
		if got.Hidden != "" {
			t.Errorf("hidden: %s", got.Hidden)
		}
	})
}

func TestConnectionsOfPlainRole(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		plain := d.role(t, "plain", "")
		d.admin(t)
		got := collect(t, Connections{Server: d.watch(t, plain)})
		if got.Clients < 2 {
			t.Errorf("clients: %d; those of other roles count too", got.Clients)
		}
		if want := `GRANT pg_monitor TO "` + plain + `"`; !strings.Contains(got.Hidden, want) {
			t.Errorf("hidden: %q, want %q in it", got.Hidden, want)
		}
		for _, f := range got.Facts() {
			if f.Name == "db.sessions" && f.Known {
				t.Errorf("%s %s is known as %v", f.Name, f.Labels, f.Value)
			}
		}
	})
}

func TestCountConnections(t *testing.T) {
	t.Parallel()
	got := countConnections([]connectionGroup{
		{State: "active", App: "tocsin", Role: "dash", N: 1, Own: 1},
		{State: "idle", App: "shop", Role: "shop", N: 3},
		{State: "active", App: "shop", Role: "shop", N: 2},
		{App: "", Role: "other", N: 4},
	})
	want := model.Connections{
		Clients: 10,
		ByState: []model.Count{{Name: "idle", N: 3}, {Name: "active", N: 2}},
		ByApp:   []model.Count{{Name: "shop", N: 5}, {Name: "", N: 4}, {Name: "tocsin", N: 1}},
		ByRole:  []model.Count{{Name: "shop", N: 5}, {Name: "other", N: 4}, {Name: "dash", N: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
