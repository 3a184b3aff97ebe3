package ui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// clients are the sessions of clients, without parallel workers.
func clients(a model.Activity) []model.Session {
	var out []model.Session
	for _, s := range a.Sessions {
		if s.IsClient() {
			out = append(out, s)
		}
	}
	return out
}

// stateCell is what a session does, in short words.
func stateCell(s model.Session) Cell {
	switch {
	case s.State == "":
		return Cell{Text: "?", Role: Unknown}
	case s.Waiting():
		return Cell{Text: "active, waits", Role: Warn}
	case s.State == "idle in transaction (aborted)":
		return Cell{Text: "idle, aborted", Role: Warn}
	case s.IdleInTx():
		return Cell{Text: "idle in tx", Role: Warn}
	case s.State == "active":
		return Cell{Text: "active", Role: Strong}
	default:
		return Cell{Text: s.State, Role: Muted}
	}
}

// ageCell is a cell with an age that may not exist.
func ageCell(d *time.Duration) Cell {
	if d == nil {
		return Cell{}
	}
	return Cell{Text: age(*d), Num: d.Seconds(), HasNum: true}
}

// oneLine is a statement with its blanks and line breaks drawn together.
func oneLine(text string) string {
	if len(text) > 1024 {
		text = text[:1024]
	}
	return strings.Join(strings.Fields(text), " ")
}

// waitText says what a session waits for.
func waitText(s model.Session) string {
	switch {
	case len(s.BlockedBy) == 1 && s.BlockedBy[0] != 0:
		return "pid " + strconv.Itoa(s.BlockedBy[0])
	case len(s.BlockedBy) > 0:
		return plural(len(s.BlockedBy), "session", "sessions")
	case s.WaitType == "Client":
		return ""
	default:
		return s.Wait
	}
}

func sessionsFrame(in In) Frame {
	r := read(in.View, store.ActivityKey())
	list := clients(r.Value)
	slices.SortStableFunc(list, func(a, b model.Session) int {
		return cmp.Or(cmp.Compare(seconds(b.Tx), seconds(a.Tx)), cmp.Compare(a.PID, b.PID))
	})
	t := &Table{
		Columns: []Column{
			{Name: "pid", Title: "pid", Width: 8, Right: true},
			{Name: "app", Title: "app", Width: 12, Drop: 1},
			{Name: "user", Title: "user", Width: 10, Drop: 4},
			{Name: "db", Title: "db", Width: 10, Drop: 6},
			{Name: "client", Title: "client", Width: 15, Drop: 7},
			{Name: "state", Title: "state", Width: 14},
			{Name: "tx", Title: "tx age", Width: 7, Right: true},
			{Name: "query", Title: "query", Width: 7, Right: true, Drop: 5},
			{Name: "waits", Title: "waits for", Width: 14, Drop: 2},
			{Name: "statement", Title: "statement", Drop: 3},
		},
		Sort: "tx", Desc: true, Empty: "no client is connected",
	}
	for _, s := range list {
		t.Rows = append(t.Rows, Row{Key: s.Key(), Args: sessionArgs(s), Cells: []Cell{
			{Text: strconv.Itoa(s.PID), Num: float64(s.PID), HasNum: true},
			{Text: s.App}, {Text: s.Role, Role: Muted}, {Text: s.Database, Role: Muted}, {Text: s.Client, Role: Muted},
			stateCell(s), ageCell(s.Tx), ageCell(s.QueryAge), {Text: waitText(s)},
			{Text: oneLine(s.Query), Role: Muted},
		}})
	}
	f := Frame{Head: append(hidden(in, r.Value.Hidden), connectionLines(in)...), Table: t}
	return frameOf(in, f, r.status)
}

func seconds(d *time.Duration) float64 {
	if d == nil {
		return -1
	}
	return d.Seconds()
}

func runningFrame(in In) Frame {
	r := read(in.View, store.ActivityKey())
	t := &Table{
		Columns: []Column{
			{Name: "query", Title: "running", Width: 8, Right: true},
			{Name: "pid", Title: "pid", Width: 8, Right: true},
			{Name: "app", Title: "app", Width: 12, Drop: 1},
			{Name: "user", Title: "user", Width: 10, Drop: 3},
			{Name: "waits", Title: "waits for", Width: 16, Drop: 2},
			{Name: "statement", Title: "statement"},
		},
		Sort: "query", Desc: true, Empty: "no statement is running",
	}
	list := clients(r.Value)
	slices.SortStableFunc(list, func(a, b model.Session) int {
		return cmp.Or(cmp.Compare(seconds(b.QueryAge), seconds(a.QueryAge)), cmp.Compare(a.PID, b.PID))
	})
	for _, s := range list {
		if s.State == "active" {
			t.Rows = append(t.Rows, runningRow(in, s))
		}
	}
	if r.Value.Hidden != "" {
		t.Empty = "no statement that can be seen is running"
	}
	return frameOf(in, Frame{Head: hidden(in, r.Value.Hidden), Table: t}, r.status)
}

func runningRow(in In, s model.Session) Row {
	lasting := ageCell(s.QueryAge)
	waits := Cell{Text: waitText(s)}
	if s.Waiting() {
		waits.Role = Warn
	} else if overLimit(in, "db.query.slow", lasting.Num, model.Seconds) {
		lasting.Role = Warn
	}
	return Row{Key: s.Key(), Args: sessionArgs(s), Cells: []Cell{
		lasting, {Text: strconv.Itoa(s.PID), Num: float64(s.PID), HasNum: true},
		{Text: s.App}, {Text: s.Role, Role: Muted}, waits, {Text: oneLine(s.Query)},
	}}
}

// overLimit tells whether a reading is over the threshold of a rule.
func overLimit(in In, rule string, v float64, unit model.Unit) bool {
	i := slices.IndexFunc(in.Alerts, func(a alert.Alert) bool { return a.Rule == rule })
	if i < 0 {
		return false
	}
	holds, err := in.Alerts[i].Threshold.Holds(v, unit)
	return err == nil && holds
}

// sessionDetail shows everything that is known of one session, or lists those
// that wait for it.
func sessionDetail(in In, key string) []Line {
	a := read(in.View, store.ActivityKey()).Value
	if pid, ok := strings.CutPrefix(key, "more/"); ok {
		return waitingLines(in, a, pid)
	}
	i := slices.IndexFunc(a.Sessions, func(s model.Session) bool { return s.Key() == key })
	if i < 0 {
		return []Line{{span(Muted, "this session has ended")}}
	}
	s := a.Sessions[i]
	lines := append(identityLines(in, s), lockLines(in, s)...)
	lines = append(lines, Line{}, Line{span(Title, "statement")})
	for _, part := range wrap(s.Query, in.Width) {
		lines = append(lines, Line{span(Plain, part)})
	}
	return lines
}

// sessionArgs are what actions may want of a session, and of its statement.
func sessionArgs(s model.Session) map[string]string {
	args := s.Args()
	if s.QueryID != 0 {
		args["queryid"] = strconv.FormatInt(s.QueryID, 10)
	}
	return args
}

func identityLines(in In, s model.Session) []Line {
	client := s.Client
	if client == "" {
		client = "local socket"
	}
	lines := []Line{
		labelled("pid", strconv.Itoa(s.PID)+", started "+in.full(s.BackendStart)),
		labelled("application", s.App),
		labelled("user, database", s.Role+", "+s.Database),
		labelled("client", client),
		labelled("state", s.State+lastingText(s.StateAge)),
		labelled("transaction", orNone(s.Tx, "none open")),
		labelled("statement", orNone(s.QueryAge, "none")),
	}
	if s.QueryID != 0 {
		lines = append(lines, labelled("query id", strconv.FormatInt(s.QueryID, 10)))
	}
	if s.XminAge > 0 {
		lines = append(lines, labelled("snapshot", "holds back vacuum by "+count(s.XminAge)+" transactions"))
	}
	return append(lines, labelled("has written", yesNo(s.HasXID)))
}

func lastingText(d *time.Duration) string {
	if d == nil {
		return ""
	}
	return ", for " + age(*d)
}

func orNone(d *time.Duration, none string) string {
	if d == nil {
		return none
	}
	return age(*d)
}

func lockLines(in In, s model.Session) []Line {
	var lines []Line
	if s.Wait != "" {
		lines = append(lines, labelled("wait event", s.WaitType+": "+s.Wait))
	}
	if w := s.WaitsFor; w != nil {
		lines = append(lines, labelled("waits for", w.Mode+" on "+w.Type+" "+w.Relation))
	}
	if len(s.BlockedBy) > 0 {
		var by []string
		for _, pid := range s.BlockedBy {
			by = append(by, pidText(pid))
		}
		lines = append(lines, wrapped("blocked by", strings.Join(by, ", "), in.Width)...)
	}
	for _, h := range s.Holds {
		lines = append(lines, labelled("holds", h.Mode+" on "+h.Relation))
	}
	return lines
}

func pidText(pid int) string {
	if pid == 0 {
		return "a prepared transaction"
	}
	return "pid " + strconv.Itoa(pid)
}

// waitingLines list all that wait for one session.
func waitingLines(in In, a model.Activity, pid string) []Line {
	lines := []Line{{span(Title, "waiting for pid "+pid)}}
	for _, s := range a.Sessions {
		for _, by := range s.BlockedBy {
			if strconv.Itoa(by) != pid {
				continue
			}
			lines = append(lines, Line{
				figure(8, Strong, strconv.Itoa(s.PID)), gap(1), field(12, Plain, s.App), gap(1),
				figure(7, Plain, maybeAge(s.Tx)), gap(1), field(26, Plain, lockCell(in, s, false).Text), gap(1),
				span(Muted, oneLine(s.Query)),
			})
			break
		}
	}
	return lines
}
