package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"tocsin/actions"
	"tocsin/internal/alert"
)

func (c *command) actions() *cobra.Command {
	cmd := &cobra.Command{
		Use: "actions", Short: "List what can be done here, and what not and why",
		Args: cobra.NoArgs,
	}
	o := formFlag(cmd, formTable, formJSON)
	cmd.RunE = func(*cobra.Command, []string) error {
		return oneShot(func() error { return c.listActions(o.word) })
	}
	return cmd
}

func (c *command) listActions(format string) error {
	p, err := c.open()
	if err != nil {
		return err
	}
	defer p.close()
	if format == formJSON {
		return c.putJSON(actionsDocumentOf(p.runner))
	}
	out := c.page()
	var rows []row
	for _, a := range p.runner.List() {
		here, level := "yes", alert.Fine
		if why := p.runner.Blocked(a.ID); why != "" {
			here, level = "no: "+why, alert.Unclear
		}
		rows = append(rows, row{level: level, cells: []string{a.ID, keyOf(a), a.Danger.String(), paramsOf(a), a.Undo, here}})
	}
	out.table([]string{"ACTION", "KEY", "DANGER", "PARAMETERS", "UNDO", "HERE"}, rows)
	return c.putPage(out)
}

// keyOf is the key of an action; "" where it has none.
func keyOf(a actions.Action) string {
	if a.Key == 0 {
		return ""
	}
	return string(a.Key)
}

// paramsOf writes the parameters as they are given, optional ones in brackets.
func paramsOf(a actions.Action) string {
	var out []string
	for _, p := range a.Params {
		text := p.Name + "=" + string(p.Type)
		if p.Optional {
			text = "[" + text + "]"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// The types below are the form of `actions -o json`.
type actionsDocument struct {
	Version int              `json:"version"`
	Actions []actionDocument `json:"actions"`
}

type actionDocument struct {
	ID        string          `json:"id"`
	Title     string          `json:"title"`
	Key       *string         `json:"key"`
	Danger    string          `json:"danger"`
	Params    []paramDocument `json:"params"`
	Available bool            `json:"available"`
	Why       *string         `json:"why"` // not available here; null where it is
	Undo      *string         `json:"undo"`
}

type paramDocument struct {
	Name     string       `json:"name"`
	Type     actions.Type `json:"type"`
	Help     string       `json:"help"`
	Required bool         `json:"required"`
}

func actionsDocumentOf(r *actions.Runner) actionsDocument {
	out := actionsDocument{Version: documentVersion, Actions: []actionDocument{}}
	for _, a := range r.List() {
		why := r.Blocked(a.ID)
		doc := actionDocument{
			ID: a.ID, Title: a.Title, Key: word(keyOf(a)), Danger: a.Danger.String(), Params: []paramDocument{},
			Available: why == "", Why: word(why), Undo: word(a.Undo),
		}
		for _, p := range a.Params {
			doc.Params = append(doc.Params, paramDocument{p.Name, p.Type, p.Help, !p.Optional})
		}
		out.Actions = append(out.Actions, doc)
	}
	return out
}
