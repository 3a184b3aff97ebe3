package provider

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/testkit"
)

// contract is an OpenAPI document; answers are checked against the parts of
// JSON Schema that the document uses.
type contract struct {
	doc map[string]any
}

func readContract(t *testing.T, file string) contract {
	t.Helper()
	var c contract
	if err := json.Unmarshal(testkit.Contract(t, file), &c.doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// sharedContract is one of the documents that the clients are held to as well.
func sharedContract(t *testing.T, file string) contract {
	t.Helper()
	var c contract
	if err := json.Unmarshal(testkit.Contract(t, file), &c.doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// check says what in an answer the contract does not allow; nil is nothing.
func (c contract) check(method, path string, status int, body []byte) []string {
	responses := at(c.doc, "paths", path, strings.ToLower(method), "responses")
	answer, ok := at(responses, strconv.Itoa(status)).(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s %s: status %d is not declared", method, path, status)}
	}
	schema := at(answer, "content", "application/json", "schema")
	if schema == nil {
		if len(body) > 0 {
			return []string{"a body where none is declared"}
		}
		return nil
	}
	return c.fits(schema, body)
}

// checkAs is check of one value of an answer of another type.
func (c contract) checkAs(method, path, kind string, value []byte) []string {
	return c.fits(at(c.doc, "paths", path, strings.ToLower(method), "responses", "200", "content", kind, "schema"), value)
}

func (c contract) fits(schema any, body []byte) []string {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return []string{err.Error()}
	}
	return c.walk("$", schema.(map[string]any), v)
}

func (c contract) walk(where string, s map[string]any, v any) []string {
	if ref, ok := s["$ref"].(string); ok {
		return c.walk(where, at(c.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...).(map[string]any), v)
	}
	if v == nil {
		if s["nullable"] == true || len(s) == 0 {
			return nil
		}
		return []string{where + ": null"}
	}
	for _, several := range []string{"oneOf", "anyOf"} {
		if one, ok := s[several].([]any); ok {
			return c.oneOf(where, one, v)
		}
	}
	if words, ok := s["enum"].([]any); ok && !slices.Contains(words, v) {
		return []string{fmt.Sprintf("%s: %v is not one of %v", where, v, words)}
	}
	if s["type"] != nil && s["type"] != kind(v) && (s["type"] != "integer" || kind(v) != "number") {
		return []string{fmt.Sprintf("%s: %s where %v is declared", where, kind(v), s["type"])}
	}
	return c.inside(where, s, v)
}

// oneOf passes when one of the schemas does; else it gives the shortest list of faults.
func (c contract) oneOf(where string, schemas []any, v any) []string {
	var least []string
	for i, s := range schemas {
		faults := c.walk(where, s.(map[string]any), v)
		if len(faults) == 0 {
			return nil
		}
		if i == 0 || len(faults) < len(least) {
			least = faults
		}
	}
	return least
}

func (c contract) inside(where string, s map[string]any, v any) []string {
	var faults []string
	if list, ok := v.([]any); ok {
		items, _ := s["items"].(map[string]any)
		for i, item := range list {
			faults = append(faults, c.walk(fmt.Sprintf("%s[%d]", where, i), items, item)...)
		}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return faults
	}
	for _, name := range list(s["required"]) {
		if _, ok := object[name.(string)]; !ok {
			faults = append(faults, fmt.Sprintf("%s: %v is missing", where, name))
		}
	}
	known, _ := s["properties"].(map[string]any)
	extra, open := s["additionalProperties"].(map[string]any)
	for name, value := range object {
		switch schema, ok := known[name].(map[string]any); {
		case ok:
			faults = append(faults, c.walk(where+"."+name, schema, value)...)
		case open:
			faults = append(faults, c.walk(where+"."+name, extra, value)...)
		case known != nil && s["additionalProperties"] != true:
			faults = append(faults, fmt.Sprintf("%s.%s is not in the document", where, name))
		}
	}
	return faults
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func kind(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	}
	return "object"
}

// at follows names into nested objects; nil where there is no such thing.
func at(v any, names ...string) any {
	for _, name := range names {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}
