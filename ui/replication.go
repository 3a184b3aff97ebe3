package ui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// replicationFrame lists standbys, those that are missing, and slots.
func replicationFrame(in In) Frame {
	r, slots := read(in.View, store.ReplicationKey()), read(in.View, store.SlotsKey())
	t := &Table{
		Columns: []Column{
			{Name: "what", Title: "", Width: 8},
			{Name: "name", Title: "name", Width: 24},
			{Name: "state", Title: "state", Width: 18},
			{Name: "bytes", Title: "behind", Width: 10, Right: true},
			{Name: "seconds", Title: "by", Width: 8, Right: true},
			{Name: "kind", Title: "kind", Width: 12, Drop: 2},
			{Name: "client", Title: "client", Width: 16, Drop: 3},
			{Name: "note", Title: "", Drop: 1},
		},
		Empty: "no standby follows and there is no slot",
	}
	for _, name := range r.Value.Missing() {
		t.Rows = append(t.Rows, Row{Key: "gone/" + name, Cells: []Cell{
			{Text: "standby"}, {Text: name, Role: Strong}, {Text: in.glyphs().Critical + " gone", Role: Bad}, {}, {}, {}, {},
			{Text: "it has to follow and does not", Role: Muted},
		}})
	}
	if w := r.Value.Receiver; w != nil {
		t.Rows = append(t.Rows, receiverRow(in, *w))
	}
	for _, x := range r.Value.Replicas {
		t.Rows = append(t.Rows, replicaRow(in, x))
	}
	for _, s := range slots.Value.Rows {
		t.Rows = append(t.Rows, slotRow(in, s))
	}
	head := append(hidden(in, cmp.Or(r.Value.Hidden, archiverHidden(in))), roleLines(in, r.Value)...)
	return frameOf(in, Frame{Head: append(head, archiverLine(in)...), Table: t}, r.status)
}

// roleLines say what the server is, and what happened to it last.
func roleLines(in In, r model.Replication) []Line {
	role := "primary: it takes writes"
	if r.Standby {
		role = "standby: it takes no writes"
	}
	lines := []Line{{gap(1), span(Strong, role), span(Muted, ", timeline "+strconv.Itoa(r.Timeline)+", started "+in.ago(&r.Started))}}
	if n := len(r.Changes); n > 0 {
		last := r.Changes[n-1]
		lines = append(lines, Line{gap(1), span(Warn, last.Text), span(Muted, ", "+in.ago(&last.At))})
	}
	return lines
}

func archiverLine(in In) []Line {
	r := read(in.View, store.ArchiverKey())
	if !r.has() || r.Value.Mode == "off" {
		return nil
	}
	return []Line{{gap(1), span(Muted, "archiving: "), span(archiverRole(r.Value), archiverText(in, r.Value))}}
}

// archiverHidden is what the role may not see of archiving; "" where there is none.
func archiverHidden(in In) string {
	a := read(in.View, store.ArchiverKey()).Value
	if a.Mode == "off" {
		return ""
	}
	return a.Hidden
}

func archiverRole(a model.Archiver) Role {
	if a.Failing() {
		return Warn
	}
	return Plain
}

func archiverText(in In, a model.Archiver) string {
	text := a.Mode + ", the last segment " + in.ago(a.LastAt)
	switch {
	case a.Mode == "off":
		return "off"
	case a.Failing():
		text = "! fails: " + a.LastFailed + " " + in.ago(a.FailedAt) + ", the last good one " + in.ago(a.LastAt)
	}
	if a.Ready != nil && *a.Ready > 0 {
		text += ", " + plural(int(*a.Ready), "segment waits", "segments wait")
	}
	if a.Hidden != "" {
		text += "; what waits is hidden"
	}
	return text
}

func receiverRow(in In, w model.Receiver) Row {
	state := Cell{Text: w.Status, Role: Strong}
	switch {
	case w.Paused:
		state = Cell{Text: "! replay paused", Role: Warn}
	case w.Status == "" && w.Expected != nil && *w.Expected:
		state = Cell{Text: in.glyphs().Critical + " receives nothing", Role: Bad}
	case w.Status == "":
		state = Cell{Text: "?", Role: Unknown}
	}
	return Row{Key: "receiver", Cells: []Cell{
		{Text: "follows"}, {Text: w.From, Role: Strong}, state, behindCell(in, model.ThisServer, w.Unreplayed), lagCell(w.Unreplayed, w.Lag),
		{}, {}, {Text: "received and not replayed", Role: Muted},
	}}
}

func replicaRow(in In, x model.Replica) Row {
	state := Cell{Text: x.State, Role: Strong}
	if x.State == "" {
		state = Cell{Text: "?", Role: Unknown}
	}
	note, behind, lag := "", behindCell(in, x.Name, x.LagBytes), lagCell(x.LagBytes, x.Lag)
	if x.Copies() {
		note, behind, lag = "a base backup: Progress tells how far it is", Cell{}, Cell{}
	}
	if x.XminAge > 0 {
		note = "holds back vacuum by " + count(x.XminAge) + " transactions"
	}
	row := Row{Key: "standby/" + strconv.Itoa(x.PID), Cells: []Cell{
		{Text: "standby"}, {Text: x.Name, Role: Strong}, state, behind, lag,
		{Text: x.Sync, Role: Muted}, {Text: x.Client, Role: Muted}, {Text: note, Role: Muted},
	}}
	saysItself(in, x.Name, &row)
	return row
}

func behindCell(in In, name string, n *int64) Cell {
	if n == nil {
		return Cell{Text: "?", Role: Unknown}
	}
	c := size(*n)
	if a, ok := alertOn(in, "db.replica.lag_bytes", model.Labels{"replica": name}); ok {
		c.Role = alertRole(a, c.Role)
	}
	return c
}

// lagCell is the lag in time; an idle primary leaves none.
func lagCell(behind *int64, lag *time.Duration) Cell {
	if behind != nil && *behind == 0 {
		return Cell{Text: "-", Role: Muted, HasNum: true}
	}
	if lag == nil {
		return Cell{Text: "?", Role: Unknown}
	}
	return ageCell(lag)
}

func slotRow(in In, s model.Slot) Row {
	state := Cell{Text: "! nobody reads it", Role: Warn}
	switch {
	case s.Trouble != "" || s.WALStatus == "lost":
		state = Cell{Text: in.glyphs().Critical + " lost", Role: Bad}
	case s.Active():
		state = Cell{Text: "active", Role: Strong}
	}
	note := []string{}
	if s.Left != nil {
		note = append(note, bytes(*s.Left)+" until it is lost")
	}
	if s.XminAge > 0 {
		note = append(note, "holds back vacuum by "+count(s.XminAge)+" transactions")
	}
	if s.Trouble != "" {
		note = append(note, s.Trouble)
	}
	kept := Cell{}
	if s.Retained != nil {
		kept = size(*s.Retained)
	}
	return Row{Key: "slot/" + s.Name, Args: slotArgs(s.Name), Cells: []Cell{
		{Text: "slot"}, {Text: s.Name, Role: Strong}, state, kept, {}, {Text: s.Type, Role: Muted}, {Text: s.Database, Role: Muted},
		{Text: strings.Join(note, ", "), Role: Muted},
	}}
}

// slotArgs is the identity of a replication slot for actions.
func slotArgs(name string) map[string]string { return map[string]string{"slot": name} }

// replicationDetail shows everything that is known of one standby or slot.
func replicationDetail(in In, key string) []Line {
	r := read(in.View, store.ReplicationKey())
	kind, name, _ := strings.Cut(key, "/")
	switch kind {
	case "gone":
		lines := wrapped(name, "is named in the configuration (postgres.standbys) and does not follow under this application_name", in.Width)
		return append(append(lines, itselfLines(in, name)...), sourceLines(in, r.status)...)
	case "standby":
		return replicaLines(in, r.Value, name)
	case "slot":
		return slotLines(in, name)
	}
	lines := sourceLines(in, r.status)
	for _, c := range slices.Backward(r.Value.Changes) {
		lines = append(lines, labelled(in.when(c.At), c.Text))
	}
	return lines
}

func replicaLines(in In, r model.Replication, pid string) []Line {
	i := slices.IndexFunc(r.Replicas, func(x model.Replica) bool { return strconv.Itoa(x.PID) == pid })
	if i < 0 {
		return []Line{{span(Muted, "this standby does not follow any more")}}
	}
	x := r.Replicas[i]
	lines := []Line{
		labelled("standby", x.Name), labelled("from", x.Client), labelled("pid", pid), labelled("state", x.State+", "+x.Sync),
		labelled("behind", orUnknown(x.LagBytes, bytes[int64])+", "+orNone(x.Lag, "?")),
		labelled("last reply", orNone(x.LastReply, "?")+" ago"),
		labelled("snapshot", "holds back "+count(x.XminAge)+" transactions"),
	}
	if x.LagBytes != nil && *x.LagBytes == 0 && statusOf(in.View, store.StandbyKey(x.Name).Name).State == store.Unconfigured {
		return lines // nothing to explain, and nobody to ask
	}
	return append(lines, itselfLines(in, x.Name)...)
}

func slotLines(in In, name string) []Line {
	rows := read(in.View, store.SlotsKey()).Value.Rows
	i := slices.IndexFunc(rows, func(s model.Slot) bool { return s.Name == name })
	if i < 0 {
		return []Line{{span(Muted, "this slot is gone")}}
	}
	s := rows[i]
	used := "by nobody"
	if s.Active() {
		used = "by pid " + strconv.Itoa(s.PID)
	}
	return []Line{
		labelled("slot", s.Name+", "+s.Type+" "+s.Plugin), labelled("database", s.Database), labelled("used", used),
		labelled("log kept", orUnknown(s.Retained, bytes[int64])+", "+s.WALStatus),
		labelled("until lost", orUnknown(s.Left, bytes[int64])+" (? without max_slot_wal_keep_size)"),
		labelled("holds back", count(s.XminAge)+" transactions"), labelled("trouble", s.Trouble),
	}
}
