package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"tocsin/internal/alert"
	"tocsin/internal/strict"
	"tocsin/ui"
)

// loadRules gives the shipped rules, with what the user's file overrides.
func loadRules(path string) (alert.Set, error) {
	if path == "" {
		return alert.Defaults(), nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return alert.Set{}, fmt.Errorf("rules: %w", err)
	}
	return alert.Load(path, data, alert.Defaults())
}

// loadKeys reads the user's keys: a command and its key on each line, null for
// none. An unknown command is told with its place and the nearest name.
func loadKeys(path string, commands []ui.Command) ([]ui.Binding, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	doc, err := strict.Parse(path, data)
	if err != nil {
		return nil, err
	}
	keys := map[string]*string{}
	if err := doc.Decode(&keys); err != nil {
		return nil, err
	}
	valid := make([]string, 0, len(commands))
	for _, c := range commands {
		valid = append(valid, c.ID)
	}
	var out []ui.Binding
	var errs []error
	for command, key := range keys {
		if !slices.Contains(valid, command) {
			errs = append(errs, doc.Unknown([]any{command}, "command", command, valid))
			continue
		}
		b := ui.Binding{Command: command, Where: placeOf(doc, command)}
		if key != nil {
			b.Key = *key
		}
		out = append(out, b)
	}
	return out, errors.Join(errs...)
}

// placeOf is the file and line of a key.
func placeOf(doc *strict.Doc, key string) string {
	var e *strict.Error
	if errors.As(doc.Errorf([]any{key}, ""), &e) {
		return fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return key
}
