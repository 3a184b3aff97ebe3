package config_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"tocsin/internal/config"
	"tocsin/internal/strict"
)

func TestEveryKeyIsDescribed(t *testing.T) {
	var walk func(path string, of reflect.Type)
	walk = func(path string, of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct {
			return
		}
		for _, f := range strict.Fields(of) {
			if f.Tag.Get("doc") == "" {
				t.Errorf("%s%s has no description", path, f.Name)
			}
			walk(path+f.Name+".", f.Type)
		}
	}
	walk("", reflect.TypeFor[config.Config]())
}

func TestSchema(t *testing.T) {
	text, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	at := func(path ...string) any {
		var node any = schema
		for _, step := range path {
			inner, ok := node.(map[string]any)
			if !ok {
				return nil
			}
			node = inner[step]
		}
		return node
	}
	target := []string{"properties", "targets", "additionalProperties", "properties"}
	tests := []struct {
		path []string
		want any
	}{
		{[]string{"type"}, "object"},
		{[]string{"additionalProperties"}, false},
		{append(target, "postgres", "required"), []any{"dsn"}},
		{append(target, "postgres", "additionalProperties"), false},
		{append(target, "probes", "type"), "array"},
		{append(target, "probes", "items", "properties", "timeout", "default"), "5s"},
		{append(target, "deploy", "properties", "list", "items", "type"), "string"},
	}
	for _, tt := range tests {
		if got := at(tt.path...); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v", strings.Join(tt.path, "."), got, tt.want)
		}
	}
}

func TestReference(t *testing.T) {
	text := config.Reference()
	for _, want := range []string{
		"| `targets.NAME.postgres.dsn` | yes |  | ", "| `targets.NAME.probes[].timeout` |  | `5s` | ",
		"| `targets.NAME.vercel.token.command[]` |", "| `targets.NAME.deploy.list[]` | yes |", "| `state` |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%s\nwant in it %q", text, want)
		}
	}
}
