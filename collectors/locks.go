package collectors

import (
	"cmp"
	"context"
	"slices"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// waitRow is a row of the query waits.
type waitRow struct {
	PID        int
	Type       string
	Mode       string
	Waited     *float64 // seconds; nil before PostgreSQL 14
	Database   int64    // oid
	RelationID int64    // oid; 0 where the lock is on no relation
	Relation   string
}

type blockerRow struct{ Waiter, Blocker int }

type heldRow struct {
	PID        int
	Mode       string
	Database   int64
	RelationID int64
}

// locks are the lock waits of one reading.
type locks struct {
	waits    map[int]waitRow // by waiting pid
	blockers map[int][]int
	held     map[int][]model.LockHeld // by blocking pid
}

// readLocks reads who waits, and only when somebody does, for whom.
func readLocks(ctx context.Context, s *pg.Session) (locks, error) {
	l := locks{waits: map[int]waitRow{}, blockers: map[int][]int{}, held: map[int][]model.LockHeld{}}
	waits, err := list[waitRow](ctx, s, "waits")
	if err != nil || len(waits) == 0 {
		return l, err
	}
	var pids []int
	for _, w := range waits {
		l.waits[w.PID] = w
		pids = append(pids, w.PID)
	}
	edges, err := list[blockerRow](ctx, s, "blockers", pids)
	if err != nil {
		return l, err
	}
	for _, e := range edges {
		l.blockers[e.Waiter] = append(l.blockers[e.Waiter], e.Blocker)
	}
	return l, l.readHeld(ctx, s, edges)
}

// relation identifies a relation of any database: an oid alone does not.
type relation struct{ database, id int64 }

// readHeld reads the locks of the blockers on what others wait for.
func (l locks) readHeld(ctx context.Context, s *pg.Session, edges []blockerRow) error {
	names := map[relation]string{}
	var ids []int64
	for _, w := range l.waits {
		if w.RelationID != 0 {
			names[relation{w.Database, w.RelationID}] = w.Relation
			ids = append(ids, w.RelationID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var pids []int
	for _, e := range edges {
		pids = append(pids, e.Blocker)
	}
	held, err := list[heldRow](ctx, s, "held", pids, ids)
	if err != nil {
		return err
	}
	for _, h := range held {
		if name, ok := names[relation{h.Database, h.RelationID}]; ok {
			l.held[h.PID] = append(l.held[h.PID], model.LockHeld{Mode: h.Mode, Relation: name})
		}
	}
	for _, of := range l.held {
		slices.SortFunc(of, strongestFirst)
	}
	return nil
}

// tell adds to a session what is known of its locks.
func (l locks) tell(s *model.Session) {
	s.BlockedBy = l.blockers[s.PID]
	s.Holds = l.held[s.PID]
	if w, ok := l.waits[s.PID]; ok {
		s.WaitsFor = &model.LockWait{Type: w.Type, Mode: w.Mode, Relation: w.Relation, For: age(w.Waited)}
	}
}

func strongestFirst(a, b model.LockHeld) int {
	return cmp.Or(cmp.Compare(strength(b.Mode), strength(a.Mode)), cmp.Compare(a.Relation, b.Relation))
}

// strength orders lock modes as the manual does.
func strength(mode string) int {
	return slices.Index([]string{
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
		"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
	}, mode)
}
