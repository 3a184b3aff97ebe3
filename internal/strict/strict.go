// Package strict reads a YAML file and refuses what the program would
// otherwise overlook: unknown and doubled keys and values of another kind, each
// with file, line, column and the nearest valid name. It must not know what a
// file is about, and imports nothing of ours.
package strict

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Doc is a parsed YAML file.
type Doc struct {
	name  string
	lines []string
	root  ast.Node // nil for an empty file
}

// Error is one fault of a file.
type Error struct {
	File    string
	Line    int // from 1; 0 when it is about the whole file
	Column  int // from 1
	Text    string
	Excerpt string // the line with a caret under the fault; "" when Line is 0
}

// Error gives place, fault and excerpt.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s\n%s", e.File, e.Line, e.Column, e.Text, e.Excerpt)
}

// Parse reads the text of a file. The name is for its errors.
func Parse(name string, data []byte) (*Doc, error) {
	d := &Doc{name: name, lines: strings.Split(string(data), "\n")}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, d.located(err)
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case d.root != nil:
			return nil, d.fault(doc.Body, "a second document: one file holds one")
		default:
			d.root = doc.Body
		}
	}
	return d, nil
}

// Decode fills a pointer to a struct. All unknown keys are told at once.
func (d *Doc) Decode(into any) error {
	if d.root == nil {
		return nil
	}
	if err := errors.Join(d.check(d.root, reflect.TypeOf(into))...); err != nil {
		return err
	}
	return d.located(yaml.NodeToValue(d.root, into, yaml.Strict()))
}

// Errorf makes an error about the value at a path of keys (string) and indices
// (int), or about the nearest thing above it that is in the file.
func (d *Doc) Errorf(path []any, format string, args ...any) error {
	return d.fault(d.find(path), fmt.Sprintf(format, args...))
}

// find goes down a path as far as the file does.
func (d *Doc) find(path []any) ast.Node {
	node := d.root
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			return node
		}
		node = next
	}
	return node
}

func child(node ast.Node, step any) ast.Node {
	if i, ok := step.(int); ok {
		if seq, ok := bare(node).(*ast.SequenceNode); ok && i < len(seq.Values) {
			return seq.Values[i]
		}
		return nil
	}
	for _, entry := range entries(node) {
		if keyOf(entry) == step {
			return entry.Value
		}
	}
	return nil
}

// located turns an error of the YAML library into one of ours.
func (d *Doc) located(err error) error {
	var place yaml.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &place):
		return d.at(place.GetToken(), plain(place.GetMessage()))
	default:
		return &Error{File: d.name, Text: err.Error()}
	}
}

// plain says in our words what the library says of Go types.
func plain(message string) string {
	if kind, ok := strings.CutPrefix(message, "cannot unmarshal "); ok {
		from, _, _ := strings.Cut(kind, " into")
		return "a " + from + " does not fit here"
	}
	return message
}

func (d *Doc) fault(node ast.Node, text string) error {
	if node == nil {
		return &Error{File: d.name, Text: text}
	}
	return d.at(start(node), text)
}

// start is the first token of a node; that of a mapping is its first key.
func start(node ast.Node) *token.Token {
	if list := entries(node); len(list) > 0 {
		return list[0].Key.GetToken()
	}
	return node.GetToken()
}

func (d *Doc) at(tk *token.Token, text string) error {
	if tk == nil || tk.Position == nil {
		return &Error{File: d.name, Text: text}
	}
	e := &Error{File: d.name, Line: tk.Position.Line, Column: tk.Position.Column, Text: text}
	if e.Line <= len(d.lines) {
		line := strings.TrimRight(strings.ReplaceAll(d.lines[e.Line-1], "\t", " "), "\r")
		e.Excerpt = fmt.Sprintf("%5d | %s\n      | %s^", e.Line, hideSecrets(line), strings.Repeat(" ", max(e.Column-1, 0)))
	}
	return e
}
