package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// serversDown names a server that refuses, times out or drops the connection.
func (s *scene) serversDown() []candidate {
	var out []candidate
	for _, h := range s.all("db.down", "cache.down") {
		name := "PostgreSQL"
		if h.Rule == "cache.down" {
			name = "Redis"
		}
		c := explain(weightServerDown, h)
		if h.Rule == "cache.down" {
			c.weight-- // a database that is down explains more
		}
		c.Summary = name + " does not answer"
		if fail := s.failOf(h.Source); fail != nil {
			c.Summary += ": " + fail.Text
			c.Since = fail.Since
			c.Evidence = append(c.Evidence, fmt.Sprintf("%s in a row within %s", plural(fail.Attempts, "attempt"), ago(s.now.Sub(fail.Since))))
		}
		c.Evidence = append(c.Evidence, lines(s.projectLine())...)
		c.Evidence = append(c.Evidence, s.symptomTexts()...)
		c.Against = lines(s.deployLine(), s.providerLine())
		out = append(out, c)
	}
	return out
}

// failOf gives the newest failure of a source; nil when it is good.
func (s *scene) failOf(source string) *model.Fail {
	for _, src := range s.v.Sources() {
		if src.Name == source {
			return src.Fail
		}
	}
	return nil
}

// connections names who holds the connections of a server that runs out of them.
func (s *scene) connections() []candidate {
	h, over := s.over("db.connections")
	if full, ok := s.fullServer(); ok && !over {
		h, over = full, true
	}
	sample, ok := store.Get(s.v, store.ConnectionsKey())
	if !over || !ok {
		return nil
	}
	c := explain(weightConnections, h)
	value := sample.Value
	c.Summary = taken(value)
	if sample.Fail != nil && sample.Fail.Class == model.Full {
		c.Summary = "the server has no connection left: " + sample.Fail.Text
		c.Level = h.Severity.Level()
	}
	if felt := s.symptoms(); value.Clients >= value.Usable() && len(felt) > 0 {
		c.Level = max(c.Level, felt[0].loud())
	}
	c.Evidence = append([]string{states(value)}, s.symptomTexts()...)
	c.Against = lines(s.deployLine(), s.providerLine(), s.loadLine(), s.lockLine())
	if l, ok := s.leak(value); ok {
		c.blameLeak(l)
		return []candidate{c}
	}
	if len(value.ByApp) > 0 {
		c.Summary += fmt.Sprintf(": app=%s holds %d", value.ByApp[0].Name, value.ByApp[0].N)
	}
	s.blameIdle(&c, value)
	return []candidate{c}
}

// taken says how full the server is. Superusers may take more than is usable.
func taken(value model.Connections) string {
	if value.Clients >= value.Usable() {
		return fmt.Sprintf("all %d usable connections are taken", value.Usable())
	}
	pct, _ := value.UsedPct()
	return fmt.Sprintf("%d of %d usable connections are taken (%s)", value.Clients, value.Usable(), number(pct, model.Percent))
}

// fullServer finds the alert of a server that refuses us for want of a slot;
// its own reading is then no longer to be had.
func (s *scene) fullServer() (hot, bool) {
	i := slices.IndexFunc(s.alerts, func(a Alert) bool { return a.Rule == "db.connections" })
	if i < 0 {
		return hot{}, false
	}
	sources := s.v.Sources()
	read := slices.IndexFunc(sources, func(src store.Status) bool { return src.Name == s.alerts[i].Source })
	for _, src := range sources {
		// Redis refuses for want of a slot as well.
		if read >= 0 && src.Group == sources[read].Group && src.Fail != nil && src.Fail.Class == model.Full {
			return hot{Alert: s.alerts[i], began: src.Fail.Since}, true
		}
	}
	return hot{}, false
}

// states counts the connections by state, in their order.
func states(c model.Connections) string {
	var out []string
	for _, state := range c.ByState {
		if state.Name != "" {
			out = append(out, fmt.Sprintf("%d %s", state.N, state.Name))
		}
	}
	return strings.Join(out, ", ")
}

// idleLong is how long a session may hold a transaction open and do nothing
// before it can be blamed.
const idleLong = 30 * time.Second

// blameIdle offers to end the oldest of many idle transactions. One or two do
// not fill a server.
func (s *scene) blameIdle(c *candidate, value model.Connections) {
	activity, ok := known(s, store.ActivityKey())
	if !ok {
		return
	}
	idle := slices.DeleteFunc(slices.Clone(activity.Sessions), func(one model.Session) bool {
		return !one.IdleInTx() || length(one.StateAge) < idleLong || one.BackendStart.IsZero()
	})
	if len(idle) < 3 || 5*len(idle) < value.Clients {
		return
	}
	oldest := slices.MaxFunc(idle, func(a, b model.Session) int { return int(length(a.StateAge) - length(b.StateAge)) })
	c.Evidence = append(c.Evidence, fmt.Sprintf("%d idle in transaction for over %s, the oldest pid %d: %s, %s",
		len(idle), ago(idleLong), oldest.PID, ago(length(oldest.StateAge)), owner(oldest)))
	c.act("pg.terminate", oldest.Args())
}

// slowQuery names the statement that has been running longest.
func (s *scene) slowQuery() []candidate {
	h, ok := s.over("db.query.slow")
	activity, known := known(s, store.ActivityKey())
	if !ok || !known {
		return nil
	}
	longest, ok := longestRunning(activity.Sessions)
	if !ok {
		return nil
	}
	weight := weightSlow
	if _, felt := s.over("http.p95", "http.p99"); felt {
		weight = weightSlowFelt
	}
	c := explain(weight, h)
	c.Since = s.now.Add(-length(longest.QueryAge))
	c.Summary = fmt.Sprintf("pid %d runs one statement for %s: %s", longest.PID, ago(length(longest.QueryAge)), owner(longest))
	if text := s.statementText(longest); text != "" {
		c.Summary += ", " + text
	}
	c.Evidence = append([]string{h.text()}, s.symptomTexts()...)
	c.Against = lines("it waits for no lock", s.lockLine(), s.deployLine(), s.loadLine())
	if action, why := endOf(longest); why == "" {
		c.act(action, longest.Args())
	}
	return []candidate{c}
}

// longestRunning finds the client session, none of ours, with the oldest
// statement that runs and does not wait for a lock.
func longestRunning(sessions []model.Session) (longest model.Session, ok bool) {
	for _, one := range sessions {
		if one.IsClient() && !one.Ours() && one.State == "active" && !one.Waiting() && length(one.QueryAge) > length(longest.QueryAge) {
			longest, ok = one, true
		}
	}
	return longest, ok
}

// statementText is the beginning of the statement without its values: of the
// normalised text where that is known, else of what the session told, up to
// the first value; "" when neither is known.
func (s *scene) statementText(session model.Session) string {
	statements, ok := known(s, store.StatementsKey())
	i := slices.IndexFunc(statements.Rows, func(row model.Statement) bool {
		return ok && session.QueryID != 0 && row.ID == session.QueryID && row.Text != ""
	})
	if i >= 0 {
		return model.FirstWords(statements.Rows[i].Text)
	}
	return model.FirstWords(model.WithoutValues(session.Query))
}

// oldTransaction is the age from which an open transaction is worth a word
// where dead rows cannot be removed.
const oldTransaction = 5 * time.Minute

// bloat names the table with the most dead rows, and who keeps them.
func (s *scene) bloat() []candidate {
	over := s.all("db.dead_tuples.pct")
	tables, ok := known(s, store.TablesKey())
	if len(over) == 0 || !ok {
		return nil
	}
	worst := slices.MaxFunc(over, func(a, b hot) int { return int(a.value*100) - int(b.value*100) })
	i := slices.IndexFunc(tables.Rows, func(t model.Table) bool { return t.FullName() == worst.Labels["table"] })
	if i < 0 {
		return nil
	}
	table := tables.Rows[i]
	c := explain(weightBloat, worst)
	c.Summary = fmt.Sprintf("%s of the rows of %s are dead (%d of %d)",
		number(worst.value, model.Percent), table.FullName(), table.Dead, table.Live+table.Dead)
	when, recent := vacuumed(table, s.now)
	if recent {
		c.Against = lines(when)
	} else {
		c.Evidence = lines(when)
	}
	c.Evidence = append(c.Evidence, lines(more(len(over)-1, "table"))...)
	c.Against = append(c.Against, lines(s.lockLine())...)
	c.act("pg.vacuum", map[string]string{"table": table.FullName()})
	switch k, kept := s.keeper(worst); {
	case kept:
		c.heldBack(k)
		if k.Kind == "slot" {
			s.offerDrop(&c, k.Name)
		}
	case table.AutovacuumOff:
		c.Summary += ": autovacuum is off for it"
	}
	return []candidate{c}
}

// vacuumedLately is the age up to which a vacuum speaks against dead rows that
// nobody clears away.
const vacuumedLately = 10 * time.Minute

// vacuumed tells when a table was vacuumed last, and whether that is recent.
func vacuumed(t model.Table, now time.Time) (text string, recent bool) {
	last := time.Time{}
	for _, at := range []*time.Time{t.LastVacuum, t.LastAutovacuum} {
		if at != nil && at.After(last) {
			last = *at
		}
	}
	if last.IsZero() {
		return "never vacuumed", false
	}
	return "last vacuumed " + ago(now.Sub(last)) + " ago", now.Sub(last) < vacuumedLately
}

func more(n int, thing string) string {
	if n <= 0 {
		return ""
	}
	return plural(n, "more "+thing)
}
