package runbook

import (
	"cmp"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/yuin/goldmark/ast"

	"tocsin/actions"
	"tocsin/internal/strict"
)

// writtenBlock is a step's block as written.
type writtenBlock struct {
	ID     string            `yaml:"id"`
	Within time.Duration     `yaml:"within"`
	From   string            `yaml:"from"`
	When   string            `yaml:"when"`
	Check  string            `yaml:"check"`
	Action string            `yaml:"action"`
	With   map[string]string `yaml:"with"`
	Verify string            `yaml:"verify"`
	Needs  []Gate            `yaml:"needs"`
	OnFail string            `yaml:"on_fail"`
	Ask    *writtenAsk       `yaml:"ask"`
	Later  string            `yaml:"later"`
}

type writtenAsk struct {
	Fact   string `yaml:"fact"`
	Type   string `yaml:"type"`
	Prompt string `yaml:"prompt"`
}

// fence reads the block of a step.
func (r *reader) fence(n *ast.FencedCodeBlock, start int) {
	if len(r.phases) == 0 || len(r.phases[len(r.phases)-1].Steps) == 0 {
		r.refuse(start, "a step block stands under the heading of its step (###)")
		return
	}
	p := &r.phases[len(r.phases)-1]
	last := len(p.Steps) - 1
	if p.blocks[last] {
		r.refuse(start, "a second step block: a step has one")
		return
	}
	p.blocks[last] = true
	// The lines before it are empty ones, so that places are those of the file.
	text := strings.Repeat("\n", r.lineAt(start)) + string(n.Lines().Value(r.body))
	doc, err := strict.Parse(r.name, []byte(text))
	if err == nil {
		var w writtenBlock
		if err = doc.Decode(&w); err == nil {
			p.Steps[last].Block, err = w.block(doc, r.known)
		}
	}
	if err != nil {
		r.errs = append(r.errs, err)
	}
}

// block checks what was written by itself.
func (w writtenBlock) block(doc *strict.Doc, known vocabulary) (Block, error) {
	b := Block{
		ID: w.ID, Within: w.Within, From: w.From, Action: w.Action, With: actions.Args(w.With), Needs: w.Needs,
		OnFail: cmp.Or(w.OnFail, "stop"), Later: w.Later,
	}
	errs := w.shape(doc)
	errs = append(errs, known.into(doc, "when", w.When, &b.When),
		known.into(doc, "check", w.Check, &b.Check), known.into(doc, "verify", w.Verify, &b.Verify))
	for i, gate := range w.Needs {
		if !slices.Contains(gates(), gate) {
			errs = append(errs, doc.Unknown([]any{"needs", i}, "gate", string(gate), gateNames()))
		}
	}
	if w.Ask != nil {
		b.Ask = &Ask{Fact: w.Ask.Fact, Type: w.Ask.Type, Prompt: w.Ask.Prompt}
		errs = append(errs, w.Ask.faults(doc)...)
	}
	return b, errors.Join(errs...)
}

// shape checks which keys stand together, and what names look like.
func (w writtenBlock) shape(doc *strict.Doc) []error {
	kinds := 0
	for _, there := range []bool{w.Check != "", w.Action != "", w.Ask != nil} {
		if there {
			kinds++
		}
	}
	var errs []error
	for _, fault := range []struct {
		bad  bool
		at   string
		text string
	}{
		{!isName(w.ID), "id", "id: small letters, digits and - between them"},
		{kinds > 1, "id", "one of check, action and ask"},
		{w.Action == "" && w.With != nil, "with", "with belongs to an action"},
		{w.Action == "" && w.Verify != "", "verify", "verify belongs to an action"},
		{w.Action != "" && w.Later != "", "later", "later is for a step that has no action yet"},
		{w.Within < 0, "within", "within: a length of time above 0"},
		{w.From != "" && w.Within == 0, "from", "from says what within counts from, and there is no within"},
		{w.OnFail != "" && w.OnFail == w.ID, "on_fail", "on_fail leads to its own step"},
	} {
		if fault.bad {
			errs = append(errs, doc.Errorf([]any{fault.at}, "%s", fault.text))
		}
	}
	return errs
}

func (w writtenAsk) faults(doc *strict.Doc) []error {
	var errs []error
	if !isName(w.Fact) {
		errs = append(errs, doc.Errorf([]any{"ask", "fact"}, "ask: its fact has a name of small letters, digits and - between them"))
	}
	if !isType(w.Type) {
		errs = append(errs, doc.Unknown([]any{"ask", "type"}, "type", w.Type, Types()))
	}
	if w.Prompt == "" {
		errs = append(errs, doc.Errorf([]any{"ask", "prompt"}, "ask: a prompt says what is asked for"))
	}
	return errs
}

// isName tells small letters, digits and - between them.
func isName(text string) bool {
	return regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(text)
}

// into reads what stands at a key; nothing where it is absent.
func (v vocabulary) into(doc *strict.Doc, key, text string, into *Expr) error {
	if text == "" {
		return nil
	}
	got, err := v.expr(text)
	if name, ok := errors.AsType[unknownName](err); ok {
		return doc.Unknown([]any{key}, name.kind, name.name, name.valid)
	}
	if err != nil {
		return doc.Errorf([]any{key}, "%v", err)
	}
	*into = got
	return nil
}

func gates() []Gate { return []Gate{NeedEvidence, NeedApproval, NeedBackup, NeedIncident} }

func gateNames() []string {
	var out []string
	for _, g := range gates() {
		out = append(out, string(g))
	}
	return out
}

// Types are what a parameter or an asked fact may be.
func Types() []string {
	return []string{
		"string", "int", "duration", "bool", "pg.role", "time",
		string(actions.TypeTable), string(actions.TypeIndex), string(actions.TypeColumns), string(actions.TypePID),
		string(actions.TypeDeployment), string(actions.TypePrefix), string(actions.TypeTag), string(actions.TypeNetwork),
		string(actions.TypeIP), string(actions.TypeIssue), string(actions.TypeCount),
	}
}

func isType(name string) bool { return slices.Contains(Types(), name) }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
