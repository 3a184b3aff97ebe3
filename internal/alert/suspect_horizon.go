package alert

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// runsLong is how long a statement runs before its snapshot is anybody's
// trouble; shorter ones come and go.
const runsLong = time.Minute

// takenSlack is how far the clocks of two readings may be apart: what was read
// so shortly before a snapshot was taken may have been read after it.
const takenSlack = 2 * time.Second

// keeper is who keeps dead rows from being removed.
type keeper struct {
	model.Holder

	before *float64 // the reading of the dead rows when its snapshot was taken; nil where that is not known
}

// keeper finds who keeps the dead rows of a table; not ok when nobody has for
// long and they did not come while a snapshot was held. What is no session
// holds without an end of its own.
func (s *scene) keeper(dead hot) (worst keeper, ok bool) {
	for _, h := range s.holders() {
		k := keeper{Holder: h}
		lasting := h.Kind != "session" && h.XminAge > 1000 || h.For != nil && *h.For >= oldTransaction
		if !lasting && h.Kind == "session" {
			k.before, lasting = s.diedUnder(h, dead)
		}
		if lasting && (!ok || h.XminAge > worst.XminAge) {
			worst, ok = k, true
		}
	}
	return worst, ok
}

// holders are all who hold a snapshot. The sessions are those of now, where
// they are known: the horizon is read seldom.
func (s *scene) holders() []model.Holder {
	horizon, horizonAt, _ := knownAt(s, store.HorizonKey())
	activity, activityAt, fresh := knownAt(s, store.ActivityKey())
	var out []model.Holder
	for _, h := range horizon.Rows {
		if h.Kind != "session" || !fresh {
			h.For = s.older(h.For, horizonAt)
			out = append(out, h)
		}
	}
	for _, one := range activity.Sessions {
		if one.IsClient() && !one.Ours() && (one.XminAge > 0 || one.HasXID) && one.Tx != nil {
			out = append(out, model.Holder{
				Kind: "session", Name: one.App, PID: one.PID, BackendStart: one.BackendStart, Owner: one.Role,
				XminAge: max(one.XminAge, 1), For: s.older(one.Tx, activityAt), State: one.State,
			})
		}
	}
	return out
}

// older is how long something has lasted by now, that had lasted so long when it
// was read; nil where that is not known.
func (s *scene) older(lasted *time.Duration, read time.Time) *time.Duration {
	if lasted == nil {
		return nil
	}
	now := *lasted + max(s.now.Sub(read), 0)
	return &now
}

// diedUnder tells whether most of the dead rows died since a session took its
// snapshot, and what the reading was before.
func (s *scene) diedUnder(h model.Holder, dead hot) (before *float64, yes bool) {
	least := runsLong
	if h.State != "active" {
		least = leftInTx
	}
	if length(h.For) < least {
		return nil, false
	}
	points := s.v.Series(dead.Metric, dead.Labels, s.now.Add(-lookBack))
	taken := s.now.Add(-*h.For - takenSlack)
	i := slices.IndexFunc(points, func(p model.Point) bool { return p.At.After(taken) })
	if i < 0 {
		return nil, false // nothing since
	}
	// Where nobody looked before, the first reading since tells as well: what
	// was alive then died under the snapshot.
	before = &points[max(i-1, 0)].Value
	return before, *before < dead.value/2
}

// heldBack turns the blame for dead rows to who keeps them.
func (c *candidate) heldBack(k keeper) {
	what := k.Kind + " " + k.Name
	if k.Kind == "session" {
		what = "pid " + strconv.Itoa(k.PID) + " (" + owner(model.Session{App: k.Name, Role: k.Owner}) + ")"
	}
	c.Summary += ", kept by the snapshot of " + what
	if k.For != nil {
		c.Summary += ", " + ago(*k.For) + " old"
	}
	c.Evidence = append(c.Evidence, fmt.Sprintf("a vacuum frees nothing that died since; the snapshot is %d transactions old", k.XminAge))
	if k.before != nil {
		c.Evidence = append(c.Evidence, number(*k.before, model.Percent)+" were dead when it was taken")
	}
	c.Action, c.Args, c.Book = "", nil, "old-snapshot"
	if k.Kind != "session" || k.BackendStart.IsZero() {
		return
	}
	session := model.Session{PID: k.PID, BackendStart: k.BackendStart, Type: "client backend", State: k.State}
	if action, why := endOf(session); why == "" {
		c.act(action, session.Args())
	}
}
