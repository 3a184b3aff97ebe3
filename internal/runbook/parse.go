package runbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"tocsin/internal/alert"
	"tocsin/internal/strict"
)

// stepFence is the language of the fence that holds a step's block.
const stepFence = "step"

// Parse reads the text of a book. The name is that of its file, for its id and
// for errors; all faults are told at once, each with its place. Whether what
// it names exists is for [Lint].
func Parse(name string, data []byte) (Book, error) { return newVocabulary().book(name, data) }

func (v vocabulary) book(name string, data []byte) (Book, error) {
	front, body, bodyLine, err := split(name, bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	if err != nil {
		return Book{}, err
	}
	sum := sha256.Sum256(data)
	r := reader{name: name, body: body, line: bodyLine, known: v}
	r.book = Book{
		ID: strings.TrimSuffix(filepath.Base(name), ".md"), Sum: hex.EncodeToString(sum[:]), Text: string(data),
	}
	r.front(front)
	r.walk()
	r.finish()
	return r.book, errors.Join(r.errs...)
}

// split cuts a file into its front matter and what follows.
func split(name string, data []byte) (front, body []byte, bodyLine int, err error) {
	const fence = "---\n"
	rest, ok := bytes.CutPrefix(data, []byte(fence))
	if !ok {
		return nil, nil, 0, &strict.Error{File: name, Line: 1, Column: 1, Text: "a book begins with --- and its head"}
	}
	front, body, ok = bytes.Cut(rest, []byte("\n"+fence))
	if !ok {
		return nil, nil, 0, &strict.Error{File: name, Line: 1, Column: 1, Text: "the head has no end: a line with --- alone"}
	}
	bodyLine = 4 + bytes.Count(front, []byte("\n"))
	return append([]byte("\n"), front...), body, bodyLine, nil // an empty line in place of the first fence
}

// reader builds a book from its text.
type reader struct {
	known  vocabulary
	name   string
	body   []byte
	line   int // of the file, where the body begins
	book   Book
	phases []draft
	prose  int // where in the body the prose begins that has not been taken; -1 when none has begun
	errs   []error
}

// draft is a phase that is being read.
type draft struct {
	Phase
	blocks map[int]bool // steps that have their block
}

// head is the front matter as written.
type head struct {
	Runbook  string                  `yaml:"runbook"`
	Title    string                  `yaml:"title"`
	Severity alert.Severity          `yaml:"severity"`
	Triggers []string                `yaml:"triggers"`
	Owner    string                  `yaml:"owner"`
	Reviewed string                  `yaml:"reviewed"`
	Params   map[string]writtenParam `yaml:"params"`
}

type writtenParam struct {
	Type string `yaml:"type"`
}

// front reads the front matter.
func (r *reader) front(text []byte) {
	doc, err := strict.Parse(r.name, text)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	var h head
	if err := doc.Decode(&h); err != nil {
		r.errs = append(r.errs, err)
		return
	}
	b := &r.book
	b.Title, b.Severity, b.Triggers, b.Owner = h.Title, h.Severity, h.Triggers, h.Owner
	for _, fault := range []struct {
		at   string
		bad  bool
		text string
	}{
		{"runbook", h.Runbook != b.ID, fmt.Sprintf("runbook %q: the name of the file is %q", h.Runbook, b.ID)},
		{"runbook", !isName(b.ID), fmt.Sprintf("runbook %q: small letters, digits and - between them", b.ID)},
		{"title", h.Title == "", "title is missing"},
		{"severity", h.Severity != "" && !isSeverity(h.Severity), fmt.Sprintf("severity %q: one of P0, P1, P2, P3", h.Severity)},
	} {
		if fault.bad {
			r.errs = append(r.errs, doc.Errorf([]any{fault.at}, "%s", fault.text))
		}
	}
	if b.Reviewed, err = time.Parse(time.DateOnly, h.Reviewed); err != nil {
		r.errs = append(r.errs, doc.Errorf([]any{"reviewed"}, "reviewed %q: write the day as 2006-01-02", h.Reviewed))
	}
	for _, name := range sorted(h.Params) {
		kind := h.Params[name].Type
		if !isType(kind) {
			r.errs = append(r.errs, doc.Unknown([]any{"params", name, "type"}, "type", kind, Types()))
		}
		b.Params = append(b.Params, Param{Name: name, Type: kind})
	}
}

func isSeverity(s alert.Severity) bool {
	return s == alert.P0 || s == alert.P1 || s == alert.P2 || s == alert.P3
}

// walk goes over the parts of the body.
func (r *reader) walk() {
	r.prose = -1
	root := goldmark.DefaultParser().Parse(text.NewReader(r.body))
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		start := r.startOf(n)
		switch node := n.(type) {
		case *ast.Heading:
			r.takeProse(start)
			r.heading(node, start)
			r.prose = r.endOfLine(start)
		case *ast.FencedCodeBlock:
			if string(node.Language(r.body)) != stepFence {
				continue
			}
			r.takeProse(start)
			r.fence(node, start)
			r.prose = r.endOf(node, start)
		default:
			r.inner(node, start)
		}
	}
	r.takeProse(len(r.body))
}

// inner refuses a step block inside of a list or a quotation: nobody would see
// that it is none.
func (r *reader) inner(n ast.Node, start int) {
	_ = ast.Walk(n, func(in ast.Node, entering bool) (ast.WalkStatus, error) {
		if f, ok := in.(*ast.FencedCodeBlock); ok && entering && string(f.Language(r.body)) == stepFence {
			r.refuse(start, "a step block stands by itself, not in a list or a quotation")
		}
		return ast.WalkContinue, nil
	})
}

// startOf is where the line begins in which a part of the body begins.
func (r *reader) startOf(n ast.Node) int {
	at := n.Pos()
	if at < 0 {
		at = 0
	}
	return bytes.LastIndexByte(r.body[:min(at, len(r.body))], '\n') + 1
}

func (r *reader) endOfLine(at int) int {
	if i := bytes.IndexByte(r.body[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(r.body)
}

// endOf is where the line after a fence begins.
func (r *reader) endOf(n *ast.FencedCodeBlock, start int) int {
	end := r.endOfLine(start)
	if lines := n.Lines(); lines.Len() > 0 {
		end = lines.At(lines.Len() - 1).Stop
	}
	return r.endOfLine(end)
}

// lineAt is the line of the file, from 1.
func (r *reader) lineAt(at int) int { return r.line + bytes.Count(r.body[:at], []byte("\n")) }

// takeProse gives the text up to here to what it stands in.
func (r *reader) takeProse(end int) {
	if r.prose < 0 || r.prose >= end {
		return
	}
	part := strings.TrimSpace(string(r.body[r.prose:end]))
	r.prose = -1
	if part == "" {
		return
	}
	into := &r.book.Intro
	if n := len(r.phases); n > 0 {
		into = &r.phases[n-1].Prose
		if m := len(r.phases[n-1].Steps); m > 0 {
			into = &r.phases[n-1].Steps[m-1].Prose
		}
	}
	*into = strings.TrimSpace(*into + "\n\n" + part)
}

func (r *reader) heading(n *ast.Heading, start int) {
	title := strings.TrimSpace(string(n.Lines().Value(r.body)))
	switch {
	case n.Level == 2:
		p := Phase{Title: title}
		p.From, p.To = target(title)
		if p.From == 0 && p.To == 0 && looksLikeClock(title) || p.To != 0 && p.From >= p.To {
			r.refuse(start, "a phase has its clock as (0-15 min), (1-4 hours) or (48+ hours)")
		}
		r.phases = append(r.phases, draft{Phase: p, blocks: map[int]bool{}})
	case n.Level == 3 && len(r.phases) == 0:
		r.refuse(start, "a step (###) stands in a phase (##)")
	case n.Level == 3:
		p := &r.phases[len(r.phases)-1]
		p.Steps = append(p.Steps, Step{Title: title, Line: r.lineAt(start)})
	}
}

func (r *reader) refuse(at int, text string) {
	r.errs = append(r.errs, &strict.Error{
		File: r.name, Line: r.lineAt(at), Column: 1, Text: text,
		Excerpt: fmt.Sprintf("%5d | %s", r.lineAt(at), strings.TrimRight(string(r.body[at:r.endOfLine(at)]), "\n")),
	})
}

// target reads the clock in the heading of a phase, (0-15 min), (1-4 hours) or
// (48+ hours); 0 and 0 where there is none.
func target(title string) (from, to time.Duration) {
	m := regexp.MustCompile(`\((\d+)(?:\s*[-–]\s*(\d+)|\+)\s*(min|h|hours?|days?)\)\s*$`).FindStringSubmatch(title)
	if m == nil {
		return 0, 0
	}
	unit := time.Minute
	switch m[3][0] {
	case 'h':
		unit = time.Hour
	case 'd':
		unit = 24 * time.Hour
	}
	first, _ := strconv.Atoi(m[1])
	last, _ := strconv.Atoi(m[2])
	return time.Duration(first) * unit, time.Duration(last) * unit
}

// looksLikeClock tells a heading that ends in a range of numbers.
func looksLikeClock(title string) bool {
	return regexp.MustCompile(`\(\d+\s*(-|–|\+|to )[^)]*\)\s*$`).MatchString(title)
}

// finish puts the phases into the book and looks at it as a whole.
func (r *reader) finish() {
	for _, p := range r.phases {
		r.book.Phases = append(r.book.Phases, p.Phase)
	}
	if len(r.book.Steps()) == 0 {
		r.errs = append(r.errs, &strict.Error{File: r.name, Text: "it has no step: ## begins a phase, ### a step"})
	}
}
