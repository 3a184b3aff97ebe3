package collectors

import (
	"cmp"
	"context"
	"slices"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Connections counts client connections by state, application and role.
// Source: pg_stat_activity, pg_settings, pg_roles, pg_database. Without
// pg_monitor the states and applications of other roles are hidden.
type Connections struct{ Server *pg.Server }

// connectionGroup is a number of connections that are alike.
type connectionGroup struct {
	State string
	App   string
	Role  string
	N     int
	Own   int // of N, our own reading ones
}

type slots struct {
	Version  string
	Standby  bool
	Max      int
	Reserved int
}

// Collect reads on the fast lane.
func (c Connections) Collect(ctx context.Context) (model.Connections, error) {
	return pg.Read(ctx, c.Server.Fast(), readConnections)
}

func readConnections(ctx context.Context, s *pg.Session) (model.Connections, error) {
	stmt, err := pg.Pick(queries, "slots", s.Caps().Major())
	if err != nil {
		return model.Connections{}, err
	}
	head, err := pg.One[slots](ctx, s, stmt)
	if err != nil {
		return model.Connections{}, err
	}
	s.Saw(head.Standby)
	groups, err := list[connectionGroup](ctx, s, "connections", s.OwnPIDs())
	if err != nil {
		return model.Connections{}, err
	}
	limits, err := list[model.SlotsLimit](ctx, s, "limits")
	if err != nil {
		return model.Connections{}, err
	}
	out := countConnections(groups)
	out.Version, out.Standby, out.Max, out.Reserved = head.Version, head.Standby, head.Max, head.Reserved
	out.Limits = limits
	out.Hidden = unseen(s.Caps(), "sessions")
	return out, nil
}

// countConnections counts every connection against the slots, but our own
// reading ones in no state: the query that counts would always be active.
func countConnections(groups []connectionGroup) model.Connections {
	var out model.Connections
	states, apps, roles := map[string]int{}, map[string]int{}, map[string]int{}
	for _, g := range groups {
		out.Clients += g.N
		apps[g.App] += g.N
		roles[g.Role] += g.N
		if g.State != "" && g.N > g.Own {
			states[g.State] += g.N - g.Own
		}
	}
	out.ByState, out.ByApp, out.ByRole = mostFirst(states), mostFirst(apps), mostFirst(roles)
	return out
}

func mostFirst(counts map[string]int) []model.Count {
	var out []model.Count
	for name, n := range counts {
		out = append(out, model.Count{Name: name, N: n})
	}
	slices.SortFunc(out, func(a, b model.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name))
	})
	return out
}
