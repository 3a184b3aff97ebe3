package collectors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

const (
	textsVisible = 50          // rows whose texts are fetched
	textsEvery   = time.Minute // between two fetches, less where they cost little
	textsSoonest = 10 * time.Second
	textsShare   = 100         // a fetch may take one part in so many of the time
	textsDear    = time.Second // a fetch that took longer is the last
	textsKept    = 1000        // texts remembered, of up to 2000 bytes
	textsAsked   = 200         // ids asked for at once, at most
)

// texts remembers the texts of statements, since reading one costs the server
// as much as reading all of them.
type texts struct {
	known   map[int64]string // by queryid; replaced, never changed, because it is published
	wanted  map[int64]bool   // of what took much time since the newest fetch
	at      time.Time        // of the newest fetch
	pause   time.Duration    // before the next one
	off     bool
	trouble string // why texts are missing; "" while they are not
}

// fill puts the texts into the rows and fetches unknown ones of the first rows.
// What took much time for a moment is asked for by the next fetch as well: its
// text is wanted where one looks back.
func (t *texts) fill(ctx context.Context, lane *pg.Lane, rows []model.Statement, now time.Time) {
	t.want(rows[:min(len(rows), textsVisible)])
	if len(t.wanted) > 0 && !t.off && now.Sub(t.at) >= t.pause {
		t.at = now
		t.fetch(ctx, lane, slices.Sorted(maps.Keys(t.wanted)))
	}
	for i := range rows {
		rows[i].Text = t.known[rows[i].ID]
	}
}

// want notes the rows whose texts are not known, the newest before those of
// earlier readings.
func (t *texts) want(rows []model.Statement) {
	if t.wanted == nil || len(t.wanted)+len(rows) > textsAsked {
		t.wanted = map[int64]bool{}
	}
	for _, row := range rows {
		if _, ok := t.known[row.ID]; !ok {
			t.wanted[row.ID] = true
		}
	}
}

type textRow struct {
	ID   int64
	Text string
}

// fetch asks for the texts of ids. That it fails is no failure of the reading.
func (t *texts) fetch(ctx context.Context, lane *pg.Lane, ids []int64) {
	began := time.Now()
	rows, err := pg.Read(ctx, lane, func(ctx context.Context, s *pg.Session) ([]textRow, error) {
		began = time.Now() // the wait for the lane costs the server nothing
		stmt, err := pickStatements(s, "statement_texts")
		if err != nil {
			return nil, err
		}
		return pg.List[textRow](ctx, s, stmt, ids)
	})
	t.note(err, time.Since(began))
	if err == nil {
		t.remember(ids, rows)
	}
}

func (t *texts) note(err error, took time.Duration) {
	t.pause = textsEvery
	if err == nil {
		t.pause = min(max(textsShare*took, textsSoonest), textsEvery)
	}
	switch fail, failed := errors.AsType[*model.Fail](err); {
	case failed && fail.Class == model.Down:
		t.trouble = err.Error() // dear for another reason
	case took > textsDear:
		t.off = true
		t.trouble = fmt.Sprintf("texts of statements are off: reading them took %.1f s", took.Seconds())
	case err != nil:
		t.trouble = err.Error()
	default:
		t.trouble = ""
	}
}

// remember keeps the texts; an id without one is not asked for again.
func (t *texts) remember(ids []int64, rows []textRow) {
	known := maps.Clone(t.known)
	if known == nil || len(known)+len(ids) > textsKept {
		known = map[int64]string{}
	}
	for _, id := range ids {
		known[id] = ""
	}
	for _, row := range rows {
		known[row.ID] = row.Text
	}
	t.known, t.wanted = known, nil
}

// names remembers the names of the roles and databases of the first rows.
type names struct {
	roles     map[int64]string // replaced, never changed, because it is published
	databases map[int64]string // likewise
}

type nameRow struct {
	OID  int64
	Name string
	Role bool
}

// fill fetches the names of unknown roles and databases of the first rows; one
// that is not to be had is not asked for again. That it fails is no failure of
// the reading: the next one asks again.
func (n *names) fill(ctx context.Context, lane *pg.Lane, rows []model.Statement) {
	roles, databases := []int64{}, []int64{} // not nil, which would be NULL in SQL
	for _, row := range rows[:min(len(rows), textsVisible)] {
		if _, ok := n.roles[row.Role]; !ok && !slices.Contains(roles, row.Role) {
			roles = append(roles, row.Role)
		}
		if _, ok := n.databases[row.Database]; !ok && !slices.Contains(databases, row.Database) {
			databases = append(databases, row.Database)
		}
	}
	if len(roles)+len(databases) == 0 {
		return
	}
	found, err := pg.Read(ctx, lane, func(ctx context.Context, s *pg.Session) ([]nameRow, error) {
		stmt, err := pg.Pick(queries, "statement_names", s.Caps().Major())
		if err != nil {
			return nil, err
		}
		return pg.List[nameRow](ctx, s, stmt, roles, databases)
	})
	if err == nil {
		n.remember(found, roles, databases)
	}
}

func (n *names) remember(found []nameRow, roles, databases []int64) {
	n.roles, n.databases = with(n.roles, roles), with(n.databases, databases)
	for _, row := range found {
		if row.Role {
			n.roles[row.OID] = row.Name
		} else {
			n.databases[row.OID] = row.Name
		}
	}
}

// with is a copy of known that has all of ids.
func with(known map[int64]string, ids []int64) map[int64]string {
	out := maps.Clone(known)
	if out == nil {
		out = map[int64]string{}
	}
	for _, id := range ids {
		out[id] = ""
	}
	return out
}
