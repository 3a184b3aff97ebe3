package ui

import (
	"slices"
	"strconv"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// horizonFrame lists who keeps vacuum from removing rows, the oldest first,
// and what the oldest costs.
func horizonFrame(in In) Frame {
	r := read(in.View, store.HorizonKey())
	t := &Table{
		Columns: []Column{
			{Name: "xids", Title: "holds back", Width: 11, Right: true},
			{Name: "kind", Title: "what", Width: 10},
			{Name: "name", Title: "name", Width: 24},
			{Name: "pid", Title: "pid", Width: 8, Right: true, Drop: 3},
			{Name: "owner", Title: "owner", Width: 12, Drop: 4},
			{Name: "db", Title: "db", Width: 14, Drop: 2},
			{Name: "for", Title: "for", Width: 8, Right: true, Drop: 1},
			{Name: "state", Title: "state", Drop: 5},
		},
		Sort: "xids", Desc: true, Empty: "nobody keeps vacuum from removing rows",
	}
	for _, h := range r.Value.Rows {
		t.Rows = append(t.Rows, holderRow(h))
	}
	return frameOf(in, Frame{Head: append(hidden(in, r.Value.Hidden), horizonHead(in, r.Value)...), Table: t}, r.status)
}

func holderRow(h model.Holder) Row {
	pid := Cell{}
	if h.PID != 0 {
		pid = Cell{Text: strconv.Itoa(h.PID), Num: float64(h.PID), HasNum: true}
	}
	database := Cell{Text: h.Database, Role: Muted}
	if h.Database == "" {
		database.Text = "all"
	}
	args := processArgs(h.PID, h.BackendStart)
	if h.Kind == "slot" {
		args = slotArgs(h.Name)
	}
	return Row{Key: h.Key(), Args: args, Cells: []Cell{
		tally(h.XminAge), {Text: h.Kind}, {Text: h.Name, Role: Strong}, pid, {Text: h.Owner, Role: Muted}, database,
		ageCell(h.For), {Text: h.State, Role: Muted},
	}}
}

// processArgs is the identity of a session for actions; nil where it is hidden.
func processArgs(pid int, started time.Time) map[string]string {
	if pid == 0 || started.IsZero() {
		return nil
	}
	return model.Session{PID: pid, BackendStart: started}.Args()
}

// horizonHead names the oldest and its price.
func horizonHead(in In, h model.Horizon) []Line {
	if len(h.Rows) == 0 {
		return nil
	}
	oldest := h.Rows[0]
	line := Line{gap(1), span(Muted, "oldest: "), span(Strong, holderText(oldest)), span(Muted, ", "+count(oldest.XminAge)+" transactions back")}
	lines := []Line{line}
	if cost := horizonCost(in, oldest); cost != "" {
		lines = append(lines, Line{gap(1), span(Muted, cost)})
	}
	return lines
}

func holderText(h model.Holder) string {
	switch h.Kind {
	case "session":
		return "pid " + strconv.Itoa(h.PID) + " " + h.Name
	case "prepared":
		return "prepared transaction " + h.Name
	default:
		return h.Kind + " " + h.Name
	}
}

// horizonCost says what waits for a holder: dead rows of this database, and
// the log that a slot keeps.
func horizonCost(in In, h model.Holder) string {
	text := ""
	if tables := read(in.View, store.TablesKey()); tables.has() {
		dead := int64(0)
		for _, row := range tables.Value.Rows {
			dead += row.Dead
		}
		text = "of the " + count(dead) + " dead rows here, those that died since cannot be removed"
	}
	slots := read(in.View, store.SlotsKey()).Value.Rows
	i := slices.IndexFunc(slots, func(s model.Slot) bool { return h.Kind == "slot" && s.Name == h.Name })
	if i >= 0 && slots[i].Retained != nil {
		text += "; the slot keeps " + bytes(*slots[i].Retained) + " of log"
	}
	return text
}

// horizonDetail shows everything that is known of one holder, and how it lets go.
func horizonDetail(in In, key string) []Line {
	rows := read(in.View, store.HorizonKey()).Value.Rows
	i := slices.IndexFunc(rows, func(h model.Holder) bool { return h.Key() == key })
	if i < 0 {
		return []Line{{span(Muted, "it holds nothing back any more")}}
	}
	h := rows[i]
	lines := []Line{
		labelled("what", holderText(h)),
		labelled("holds back", count(h.XminAge)+" transactions"),
		labelled("since", orNone(h.For, "not known")),
		labelled("state", h.State),
	}
	if h.Database != "" {
		lines = append(lines, labelled("database", h.Database+": rows of other databases can be removed"))
	} else {
		lines = append(lines, labelled("database", "all databases"))
	}
	lines = append(lines, wrapped("costs", horizonCost(in, h), in.Width)...)
	return append(lines, wrapped("lets go", letsGo(h), in.Width)...)
}

// letsGo says how a holder lets go.
func letsGo(h model.Holder) string {
	switch h.Kind {
	case "session":
		return "when its transaction ends: let it end, cancel its statement, or end the session"
	case "prepared":
		return "COMMIT PREPARED or ROLLBACK PREPARED with this name; no session has it"
	case "slot":
		return "when its reader confirms newer log; or pg_drop_replication_slot once nobody needs it"
	default:
		return "when the statement on the standby ends; hot_standby_feedback sends its snapshot here"
	}
}
