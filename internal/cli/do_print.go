package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// report prints how a call ended and gives its exit code.
func (d *deed) report(e ended) error {
	err := d.put(e)
	if code := e.code(); code != exitOK {
		err = errors.Join(err, &exit{code, e.err})
	}
	return err
}

func (d *deed) put(e ended) error {
	if d.flags.format.word == formJSON {
		return d.c.putJSON(d.document(e))
	}
	out := d.c.page()
	switch {
	case e.dry || errors.Is(e.err, actions.ErrNeedsConfirmation):
		d.printPlan(out, e.Plan)
		out.line("Nothing was changed.")
	case e.err == nil:
		out.line("%s on %s · %s", d.action.ID, e.Plan.Target, e.Text)
	}
	printFound(out, e.Result.Found)
	return d.c.putPage(out)
}

// printFound writes what an action that only reads found out: marked what to
// look at first, and each level of depth a bit further in.
func printFound(p *page, found []actions.Found) {
	for _, f := range found {
		mark := "  "
		switch {
		case f.Head:
			mark = ""
		case f.Heed:
			mark = "! "
		}
		p.line("%s%s%s", mark, strings.Repeat("  ", f.Depth), f.Text)
	}
}

// printPlan writes what the card on the screen shows.
func (d *deed) printPlan(p *page, plan actions.Plan) {
	if plan.Target == "" {
		return // it could not be made
	}
	p.line("%s %s on %s (%s)", d.action.Title, plan.Title(), d.p.target.Name, plan.Danger)
	var rows []row
	for i, step := range plan.Steps {
		label := ""
		if i == 0 {
			label = "will run"
		}
		rows = append(rows, row{cells: []string{"  " + label, step}})
	}
	for _, n := range plan.Notes {
		rows = append(rows, row{cells: []string{"  " + n.Label, n.Text}})
	}
	if plan.Refuse != "" {
		rows = append(rows, row{level: alert.Critical, cells: []string{"  refused", plan.Refuse}})
	} else if plan.Danger > actions.Read {
		rows = append(rows, row{cells: []string{"  confirm", yesFlag(plan)}})
	}
	p.table(nil, rows)
}

// yesFlag is the flag that confirms a plan.
func yesFlag(plan actions.Plan) string { return "--yes=" + quoted(plan.Target) }

// The types below are the form of `do -o json`.
type doDocument struct {
	Version int              `json:"version"`
	Action  string           `json:"action"`
	Server  string           `json:"server"`
	Outcome *string          `json:"outcome"` // null after a dry run
	Text    string           `json:"text"`
	Error   *string          `json:"error"`
	Audit   *string          `json:"audit"` // id of the entries; null when nothing was begun
	Plan    *planDocument    `json:"plan"`  // null when it could not be made
	Done    []string         `json:"done"`
	Found   []foundDocument  `json:"found"` // what an action that only reads found out
	Effects []effectDocument `json:"effects"`
	Verdict *string          `json:"verdict"`
}

type planDocument struct {
	Target  string            `json:"target"`
	Args    map[string]string `json:"args"`
	Danger  string            `json:"danger"`
	Steps   []string          `json:"steps"`
	Notes   []noteDocument    `json:"notes"`
	Refused *string           `json:"refused"`
	Yes     *string           `json:"yes"` // the text that --yes has to give; null where none is asked for
}

type foundDocument struct {
	Text  string `json:"text"`
	Depth int    `json:"depth"`
	Head  bool   `json:"head"` // the title of the lines that follow
	Heed  bool   `json:"heed"` // to be looked at first
}

type noteDocument struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

type effectDocument struct {
	Metric string       `json:"metric"`
	Labels model.Labels `json:"labels"`
	Unit   model.Unit   `json:"unit"`
	Before *float64     `json:"before"`
	After  *float64     `json:"after"`
	TookMS int64        `json:"took_ms"`
}

func (d *deed) document(e ended) doDocument {
	out := doDocument{
		Version: documentVersion, Action: d.action.ID, Server: d.p.target.Name,
		Outcome: word(string(e.Ending)), Text: e.Text, Audit: word(e.ID),
		Plan: planOf(e.Plan), Done: list(e.Result.Done), Found: []foundDocument{}, Effects: []effectDocument{},
	}
	for _, f := range e.Result.Found {
		out.Found = append(out.Found, foundDocument(f))
	}
	if e.err != nil {
		out.Error = word(e.err.Error())
	}
	if !e.dry {
		out.Verdict = word(string(e.Verdict))
	}
	for _, f := range e.Effects {
		labels := f.Labels
		if labels == nil {
			labels = model.Labels{}
		}
		out.Effects = append(out.Effects, effectDocument{f.Metric, labels, f.Unit, f.Before, f.After, f.Took.Milliseconds()})
	}
	return out
}

func planOf(p actions.Plan) *planDocument {
	if p.Target == "" {
		return nil
	}
	out := &planDocument{
		Target: p.Target, Args: p.Args, Danger: p.Danger.String(), Steps: list(p.Steps),
		Notes: []noteDocument{}, Refused: word(p.Refuse),
	}
	if p.Danger > actions.Read {
		out.Yes = &p.Target
	}
	for _, n := range p.Notes {
		out.Notes = append(out.Notes, noteDocument(n))
	}
	return out
}

// progress shows each step of an action on a terminal; nil where there is none.
func (c *command) progress() func(actions.Progress) {
	if !isTerminal(c.err) {
		return nil
	}
	var mu sync.Mutex
	last := ""
	return func(p actions.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Text != last {
			last = p.Text
			_, _ = fmt.Fprintln(c.err, clean(p.Text)) // a lost line of progress is no reason to stop
		}
	}
}

// invocation is how this program was called, up to the command.
func (c *command) invocation() string {
	words := []string{"tocsin"}
	if c.config != "" {
		words = append(words, "--config", quoted(c.config))
	}
	if c.target != "" {
		words = append(words, "--target", quoted(c.target))
	}
	return strings.Join(words, " ")
}

// doLine is the command line of an action.
func doLine(invocation, id string, args map[string]string) string {
	line := invocation + " do " + id
	for _, name := range slices.Sorted(maps.Keys(args)) {
		line += " " + name + "=" + quoted(args[name])
	}
	return line
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%"
	if word != "" && strings.Trim(word, harmless) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
