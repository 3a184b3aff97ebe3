package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"tocsin/internal/strict"
)

// schema is the part of JSON Schema that the configuration needs.
type schema struct {
	Dialect     string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        string             `json:"type,omitempty"` // "" where Any says it
	Pattern     string             `json:"pattern,omitempty"`
	Default     string             `json:"default,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Additional  any                `json:"additionalProperties,omitempty"` // false, or the schema of each value
	Any         []*schema          `json:"anyOf,omitempty"`
}

// Schema gives the JSON Schema of the configuration file, for editors.
func Schema() ([]byte, error) {
	s := schemaOf(reflect.TypeFor[Config]())
	s.Dialect, s.Title = "https://json-schema.org/draft/2020-12/schema", "tocsin configuration"
	text, err := json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

func schemaOf(t reflect.Type) *schema {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return &schema{Type: "string", Pattern: `^([0-9.]+(ms|s|m|h))+$`}
	case t.Kind() == reflect.Slice:
		return &schema{Type: "array", Items: schemaOf(t.Elem())}
	case t.Kind() == reflect.Map:
		return &schema{Type: "object", Additional: schemaOf(t.Elem())}
	case t.Kind() == reflect.Int:
		return &schema{Type: "integer"}
	case t.Kind() != reflect.Struct:
		return &schema{Type: "string"}
	case t == reflect.TypeFor[Standby]():
		return &schema{Any: []*schema{{Type: "string"}, keysOf(t)}}
	}
	return keysOf(t)
}

// keysOf is the schema of a struct that is given by its keys.
func keysOf(t reflect.Type) *schema {
	s := &schema{Type: "object", Properties: map[string]*schema{}, Additional: false}
	for _, f := range strict.Fields(t) {
		property := schemaOf(f.Type)
		property.Description = f.Tag.Get("doc")
		if fallback := f.Tag.Get("default"); property.Type == "string" && !strings.Contains(fallback, " ") {
			property.Default = fallback
		}
		s.Properties[f.Name] = property
		if needed(f) {
			s.Required = append(s.Required, f.Name)
		}
	}
	return s
}

func needed(f strict.Field) bool { return f.Tag.Get("need") == "yes" }

// Reference describes every key of the configuration file in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("| key | needed | default | what it is |\n| --- | --- | --- | --- |\n")
	reference(&b, "", reflect.TypeFor[Config]())
	return b.String()
}

// reference writes the rows of a struct under the path that leads to it.
func reference(b *strings.Builder, path string, t reflect.Type) {
	for _, f := range strict.Fields(t) {
		need := ""
		if needed(f) {
			need = "yes"
		}
		fallback := f.Tag.Get("default")
		if fallback != "" && !strings.Contains(fallback, " ") {
			fallback = "`" + fallback + "`"
		}
		marks, inner := inside(f.Type)
		key := path + f.Name + marks
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", key, need, fallback, strings.ReplaceAll(f.Tag.Get("doc"), "|", "\\|"))
		if inner.Kind() == reflect.Struct {
			reference(b, key+".", inner)
		}
	}
}

// inside goes through lists and maps to what they hold, and gives the marks
// that stand for them in a path.
func inside(t reflect.Type) (marks string, inner reflect.Type) {
	for {
		switch t.Kind() {
		case reflect.Slice:
			marks += "[]"
		case reflect.Map:
			marks += ".NAME"
		case reflect.Pointer:
		default:
			return marks, t
		}
		t = t.Elem()
	}
}
