package strict

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// check compares a node with the Go type it is to fill.
func (d *Doc) check(node ast.Node, t reflect.Type) []error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	node = bare(node)
	switch {
	case node == nil || node.Type() == ast.NullType || node.Type() == ast.AliasType:
		return nil
	case t == reflect.TypeFor[time.Duration]():
		return d.checkDuration(node)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return nil
	case t.Kind() == reflect.Struct && isValue(node) && decodesItself(t):
		return nil
	case t.Kind() == reflect.Struct:
		return d.checkStruct(node, t)
	case t.Kind() == reflect.Map:
		return d.checkMap(node, t)
	case t.Kind() == reflect.Slice:
		return d.checkSlice(node, t)
	default:
		return d.checkScalar(node)
	}
}

// decodesItself tells a struct that may be given as a single value as well.
func decodesItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.InterfaceUnmarshaler]())
}

func (d *Doc) checkDuration(node ast.Node) []error {
	text := node.GetToken().Value
	if _, err := time.ParseDuration(text); err != nil {
		return []error{d.fault(node, fmt.Sprintf("%q is not a length of time: write 500ms, 5s, 2m or 1h", text))}
	}
	return nil
}

func (d *Doc) checkStruct(node ast.Node, t reflect.Type) []error {
	fields := Fields(t)
	if !isMapping(node) {
		return []error{d.fault(node, "keys and values are wanted here: "+strings.Join(fieldNames(fields), ", "))}
	}
	var errs []error
	for _, entry := range entries(node) {
		key := keyOf(entry)
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == key })
		if i < 0 {
			errs = append(errs, d.at(entry.Key.GetToken(), unknown("key", key, fieldNames(fields))))
			continue
		}
		errs = append(errs, d.check(entry.Value, fields[i].Type)...)
	}
	return errs
}

func (d *Doc) checkMap(node ast.Node, t reflect.Type) []error {
	if !isMapping(node) {
		return []error{d.fault(node, "names with values are wanted here")}
	}
	var errs []error
	for _, entry := range entries(node) {
		errs = append(errs, d.check(entry.Value, t.Elem())...)
	}
	return errs
}

func (d *Doc) checkSlice(node ast.Node, t reflect.Type) []error {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		return []error{d.fault(node, "a list is wanted here: [a, b]")}
	}
	var errs []error
	for _, item := range seq.Values {
		errs = append(errs, d.check(item, t.Elem())...)
	}
	return errs
}

func (d *Doc) checkScalar(node ast.Node) []error {
	if !isValue(node) {
		return []error{d.fault(node, "a single value is wanted here")}
	}
	return nil
}

// Field is one key that a struct takes from YAML.
type Field struct {
	Name string // the key
	Type reflect.Type
	Tag  reflect.StructTag
}

// Fields lists the keys a struct takes, in the order of its fields.
func Fields(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.IsExported() && name != "" && name != "-" {
			out = append(out, Field{Name: name, Type: f.Type, Tag: f.Tag})
		}
	}
	return out
}

func fieldNames(fields []Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// bare is the node without its anchor and tag.
func bare(node ast.Node) ast.Node {
	for {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.TagNode:
			node = n.Value
		default:
			return node
		}
	}
}

// isValue tells a single value from lists and mappings.
func isValue(node ast.Node) bool {
	_, list := node.(*ast.SequenceNode)
	return !list && !isMapping(node)
}

func isMapping(node ast.Node) bool {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	default:
		return false
	}
}

// entries lists the keys and values of a mapping; none for anything else.
func entries(node ast.Node) []*ast.MappingValueNode {
	switch n := bare(node).(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	default:
		return nil
	}
}

func keyOf(entry *ast.MappingValueNode) string { return entry.Key.GetToken().Value }

// hideSecrets covers passwords that stand in a line by mistake.
func hideSecrets(line string) string {
	for _, pattern := range []string{
		`(?i)(password=)[^\s"',}]+`,
		`(://[^:/@\s]*:)[^@\s]+@`,
		`(?i)((?:password|token|secret)"?:\s*)[^\s{\[,}][^,}]*`,
	} {
		line = regexp.MustCompile(pattern).ReplaceAllString(line, "${1}***")
	}
	return line
}
