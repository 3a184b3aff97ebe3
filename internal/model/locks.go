package model

import (
	"cmp"
	"slices"
	"time"
)

// Waiter is one session in the tree of who waits for whom.
type Waiter struct {
	PID     int       // 0 for a prepared transaction
	Session *Session  // nil for a prepared transaction, and for one that is not seen
	Waits   int       // sessions below it
	Below   []*Waiter // those that wait for it; those first that most wait for
}

// LockTree gives the sessions that block others and wait for nobody, those
// first that most wait for. Each waiting session stands once: below a root it
// waits for where there is one. A circle begins at its lowest pid.
func (a Activity) LockTree() []*Waiter {
	nodes := a.waiters()
	var roots []*Waiter
	parents := map[int]*Waiter{}
	for _, pid := range sortedPIDs(nodes) {
		n := nodes[pid]
		if n.Session == nil || len(n.Session.BlockedBy) == 0 {
			roots = append(roots, n)
			continue
		}
		parents[pid] = nodes[parentOf(n.Session.BlockedBy, nodes)]
	}
	for _, pid := range sortedPIDs(nodes) {
		if p := parents[pid]; p != nil {
			if circular(parents, pid) {
				delete(parents, pid)
				roots = append(roots, nodes[pid])
				continue
			}
			p.Below = append(p.Below, nodes[pid])
		}
	}
	for _, r := range roots {
		r.settle()
	}
	byWaits(roots)
	return roots
}

// waiters are the sessions that wait and those that are waited for, by pid.
func (a Activity) waiters() map[int]*Waiter {
	nodes := map[int]*Waiter{}
	add := func(pid int) {
		if nodes[pid] == nil {
			nodes[pid] = &Waiter{PID: pid}
		}
	}
	for _, s := range a.Sessions {
		if len(s.BlockedBy) > 0 {
			add(s.PID)
		}
		for _, by := range s.BlockedBy {
			add(by)
		}
	}
	for i, s := range a.Sessions {
		if n := nodes[s.PID]; n != nil {
			n.Session = &a.Sessions[i]
		}
	}
	return nodes
}

func sortedPIDs(nodes map[int]*Waiter) []int {
	pids := make([]int, 0, len(nodes))
	for pid := range nodes {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids
}

// parentOf picks one of those that block a session: one that waits for nobody,
// else the first.
func parentOf(blockers []int, nodes map[int]*Waiter) int {
	for _, pid := range blockers {
		if s := nodes[pid].Session; s == nil || len(s.BlockedBy) == 0 {
			return pid
		}
	}
	return blockers[0]
}

// circular tells whether the way up from a session comes back to it.
func circular(parents map[int]*Waiter, pid int) bool {
	at := parents[pid]
	for range len(parents) + 1 {
		if at == nil {
			return false
		}
		if at.PID == pid {
			return true
		}
		at = parents[at.PID]
	}
	return false
}

// settle counts and orders what is below.
func (w *Waiter) settle() {
	w.Waits = 0
	for _, b := range w.Below {
		b.settle()
		w.Waits += 1 + b.Waits
	}
	byWaits(w.Below)
}

// byWaits puts those first that most wait for, then those that wait longest.
func byWaits(list []*Waiter) {
	slices.SortStableFunc(list, func(a, b *Waiter) int {
		if c := cmp.Compare(b.Waits, a.Waits); c != 0 {
			return c
		}
		if c := cmp.Compare(b.lasting(), a.lasting()); c != 0 {
			return c
		}
		return cmp.Compare(a.PID, b.PID)
	})
}

// lasting is how long the session has been in its transaction.
func (w *Waiter) lasting() time.Duration {
	if w.Session == nil || w.Session.Tx == nil {
		return 0
	}
	return *w.Session.Tx
}
