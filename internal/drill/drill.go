// Package drill scores how somebody met a fault of the demo world: from the
// world's own log, the audit and the record of the incident, and from nothing
// that was on a screen. It must not start anything.
package drill

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/incident"
)

// Note is one line of the world's log.
type Note struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"` // fault.started, fault.ended
	Name  string    `json:"name"`
	Error string    `json:"error"`
}

// ReadWorld reads the world's log. A last line that was not written to its end
// is left out.
func ReadWorld(path string) ([]Note, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var out []Note
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var n Note
		if json.Unmarshal(lines.Bytes(), &n) == nil {
			out = append(out, n)
		}
	}
	return out, lines.Err()
}

// The targets: how long after the fault each has to be there.
const (
	DetectWithin  = 5 * time.Minute  // an incident is open, or something was done
	ActWithin     = 10 * time.Minute // the first action that helped was run
	RestoreWithin = 15 * time.Minute // the world is whole again
)

// Score is one thing that counts.
type Score struct {
	What   string
	Took   time.Duration // since the fault; meaningless while Reached is false
	Target time.Duration // 0 where only whether it was reached counts
	Held   bool          // it was reached, in time
	Known  bool          // it was reached at all
	Note   string        // a few words: the table is to fit into 80 columns
	More   string        // what is wanting; "" for nothing
}

// row is the score as a row of a table.
func (s Score) row() []string {
	after, target, mark := "never", "", "MISSED"
	if s.Known {
		after = s.Took.Round(time.Second).String()
	}
	if s.Target > 0 {
		target = s.Target.String()
	} else {
		after = ""
	}
	if s.Held {
		mark = "ok"
	}
	return []string{s.What, after, target, mark, s.Note}
}

// Report is how a drill went.
type Report struct {
	Fault   string
	Began   time.Time // of the fault, by the world's log; zero when it never came
	Failed  string    // why it did not come, where it was tried
	Scores  []Score
	Actions []string // what was run, in order, in words
}

// Passed tells whether all was reached in time.
func (r Report) Passed() bool {
	return len(r.Scores) > 0 && !slices.ContainsFunc(r.Scores, func(s Score) bool { return !s.Held })
}

// Of scores the drill whose record is in a folder, left at a time.
func Of(dir, fault string, left time.Time) (Report, error) {
	world, err1 := ReadWorld(filepath.Join(dir, "world.jsonl"))
	done, err2 := audit.List(filepath.Join(dir, "state"))
	incidents, err3 := incident.Folder{Dir: filepath.Join(dir, "state", "incidents")}.List()
	if err := errors.Join(err1, err2, err3); err != nil {
		return Report{}, fmt.Errorf("score the drill: %w", err)
	}
	return Judge(fault, world, done, incidents, left), nil
}

// Judge scores a drill. What was done before the fault came does not count, for
// nor against: an incident that was open by then is only its record. left is
// when the drill was left.
func Judge(fault string, world []Note, done []audit.Entry, incidents []incident.State, left time.Time) Report {
	started := first(world, "fault.started", fault)
	r := Report{Fault: fault, Began: started.At, Failed: started.Error}
	if r.Began.IsZero() || r.Failed != "" {
		return r
	}
	ended := first(world, "fault.ended", fault)
	acts := slices.DeleteFunc(actsOf(done), func(a act) bool { return a.at.Before(r.Began) })
	detected := earliest(acts)
	record, recorded := recordOf(incidents, r.Began)
	if recorded && !record.At.Before(r.Began) && (detected.IsZero() || record.At.Before(detected)) {
		detected = record.At
	}
	helped, by := helpful(acts, ended.At)
	harm := 0
	for _, a := range acts {
		r.Actions = append(r.Actions, a.words())
		if a.verdict == "worse" || a.outcome == "failed" {
			harm++
		}
	}
	r.Scores = []Score{
		r.by("detected", detected, DetectWithin, "an incident or a first act"),
		r.by("helpful action", helped, ActWithin, by),
		r.by("restored", ended.At, RestoreWithin, worldSays),
		{What: "no harm done", Known: true, Held: harm == 0, Note: fmt.Sprintf("%d of %d failed or harmed", harm, len(acts))},
	}
	r.Scores = append(r.Scores, followed(record, recorded, r.Began, left)...)
	return r
}

// worldSays is what only the world knows: no screen measured it.
const worldSays = "by the world's measure"

// helpful is when the first action was run that helped, and who says so: its
// effect, or where none was measured to help, the world that was whole after the
// last that was not measured to its end.
func helpful(acts []act, ended time.Time) (at time.Time, by string) {
	for _, a := range acts {
		if a.verdict == "helped" {
			return a.at, ""
		}
	}
	for _, a := range slices.Backward(acts) {
		if a.outcome == "ok" && (a.verdict == "" || a.verdict == "unknown") && a.at.Before(ended) {
			return a.at, worldSays
		}
	}
	return time.Time{}, ""
}

// recordOf is the incident of the fault: the first that was opened since it
// came, else the newest that was still open then.
func recordOf(incidents []incident.State, began time.Time) (record incident.State, ok bool) {
	for _, i := range incidents { // the newest is first
		if !i.At.Before(began) {
			record, ok = i, true
			continue
		}
		closed, over := i.Reached[incident.StatusClosed]
		if !ok && (!over || !closed.Before(began)) {
			return i, true
		}
	}
	return record, ok
}

func (r Report) by(what string, at time.Time, within time.Duration, note string) Score {
	s := Score{What: what, Target: within, Note: note, Known: !at.IsZero()}
	if s.Known {
		s.Took = max(at.Sub(r.Began), 0)
		s.Held = s.Took <= within
	}
	return s
}

// followed is whether there is a record, and whether the steps of the runbook
// whose time it was since the fault came were done in the time that the book sets.
// What is only watched is over when the world is whole, which is scored by itself.
func followed(i incident.State, recorded bool, began, left time.Time) []Score {
	record := Score{What: "recorded", Known: recorded, Held: recorded}
	if !recorded {
		record.Note = "no incident was opened: I"
		return []Score{record}
	}
	if i.Book == nil {
		record.Note = "no runbook"
		return []Score{record}
	}
	record.Note = "book " + i.Book.Runbook
	done := 0
	var late []string
	for _, e := range i.Events {
		if e.At.Before(began) {
			continue
		}
		if e.Kind == incident.KindStepDone || e.Kind == incident.KindStepOverridden {
			done++
			var step incident.StepEvent
			if json.Unmarshal(e.Data, &step) == nil && step.Late && !onlyWatched(i, step.Step) {
				late = append(late, step.Step)
			}
		}
	}
	never, untold := i.Missed(began, left)
	steps := Score{
		What: "steps in time", Known: true, Held: len(late)+len(never) == 0,
		Note: fmt.Sprintf("%d done, %d late, %d missed", done, len(late), len(never)),
	}
	for _, wanting := range []struct {
		how   string
		steps []string
	}{{"late", late}, {"missed", never}, {"not counted (their condition is not on record)", untold}} {
		if len(wanting.steps) > 0 {
			steps.More += "- steps " + wanting.how + ": " + strings.Join(wanting.steps, ", ") + "\n"
		}
	}
	return []Score{record, steps}
}

// onlyWatched tells whether a step is over when a reading is, with no clock of its own.
func onlyWatched(i incident.State, step string) bool {
	return slices.ContainsFunc(i.Book.Steps, func(p incident.PinnedStep) bool { return p.Step == step && p.Watched && !p.Own })
}

// act is one call that ended.
type act struct {
	at      time.Time // when it began
	action  string
	outcome string
	verdict string
}

func (a act) words() string {
	text := a.at.UTC().Format("15:04:05Z") + " " + a.action + ": " + a.outcome
	if a.verdict != "" {
		text += ", " + a.verdict
	}
	return text
}

// actsOf are the calls that were run, by the time at which they began.
func actsOf(entries []audit.Entry) []act {
	var out []act
	for _, c := range audit.Calls(entries) {
		r := c.Result
		if r == nil || r.Outcome == "refused" || r.Outcome == "cancelled" || strings.HasPrefix(r.Action, "alert.") {
			continue
		}
		a := act{at: c.Intent.At.Time, action: r.Action, outcome: r.Outcome}
		if c.Effect != nil {
			a.verdict = c.Effect.Verdict
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b act) int { return a.at.Compare(b.at) })
	return out
}

func earliest(acts []act) time.Time {
	if len(acts) == 0 {
		return time.Time{}
	}
	return acts[0].at
}

// first is the first note of something about a fault; the zero one when there is none.
func first(world []Note, event, name string) Note {
	for _, n := range world {
		if n.Event == event && n.Name == name {
			return n
		}
	}
	return Note{}
}

// Markdown is the report as people read it.
func (r Report) Markdown() string {
	var out strings.Builder
	verdict := "not passed"
	if r.Passed() {
		verdict = "passed"
	}
	fmt.Fprintf(&out, "# Drill: %s, %s\n\n", r.Fault, verdict)
	switch {
	case r.Failed != "":
		fmt.Fprintf(&out, "The fault did not come (%s): nothing is scored.\n", r.Failed)
		return out.String()
	case r.Began.IsZero():
		out.WriteString("It was left before the fault came: nothing is scored.\n")
		return out.String()
	}
	fmt.Fprintf(&out, "The fault came at %s.\n\n", r.Began.UTC().Format("2006-01-02 15:04:05Z"))
	table, more := [][]string{{"what", "after", "target", "met", "note"}, {"---", "---", "---", "---", "---"}}, ""
	for _, s := range r.Scores {
		table, more = append(table, s.row()), more+s.More
	}
	out.WriteString(aligned(table))
	if more != "" {
		out.WriteString("\n" + more)
	}
	out.WriteString("\n## What was run\n\n")
	if len(r.Actions) == 0 {
		out.WriteString("Nothing.\n")
	}
	for _, a := range r.Actions {
		out.WriteString("- " + a + "\n")
	}
	return out.String()
}

// aligned is a Markdown table whose columns stand below each other: people read
// it on a terminal.
func aligned(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&out, "| %-*s ", widths[i], cell)
		}
		out.WriteString("|\n")
	}
	return out.String()
}
