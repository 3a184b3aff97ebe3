package audit

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	hidden = "***"
	// shortest is the length from which a known value is looked for in texts:
	// hiding every "a" would hide the record.
	shortest = 4
	// textMax bounds free text in a line, in bytes.
	textMax = 2000
)

// redactor removes what must never be in a record.
type redactor struct {
	patterns

	values *strings.Replacer
}

// patterns tell secrets by what stands around them.
type patterns struct {
	keys   *regexp.Regexp // names whose values are never written
	inText *regexp.Regexp // a secret with its name in front of it
	inURL  *regexp.Regexp // the password of a connection string
}

func newPatterns() patterns {
	return patterns{
		keys:   regexp.MustCompile(`(?i)passw|pwd|secret|token|api_?key|private_?key|credential|authorization|cookie|dsn|^query$|^sql$|^statement$`),
		inText: regexp.MustCompile(`(?i)\b(password|passwd|pwd|secret|token|api_?key|authorization)(\s*[=:]\s*)('[^']*'|"[^"]*"|(?:bearer\s+)?[^\s,;&]+)`),
		inURL:  regexp.MustCompile(`(://[^/\s:@]*:)[^@\s]+@`),
	}
}

// Redactor takes secrets out of text that is shown and not recorded: those that
// known gives at that time, and what stands where secrets do.
func Redactor(known func() []string) func(string) string {
	p := newPatterns()
	return func(text string) string { return p.redactor(known()).clean(text) }
}

// redactor also removes these secrets. The longest come first: of two that
// begin alike the shorter would leave the end of the longer one.
func (p patterns) redactor(secrets []string) redactor {
	secrets = slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, secret := range secrets {
		if len(secret) >= shortest {
			pairs = append(pairs, secret, hidden)
		}
	}
	return redactor{patterns: p, values: strings.NewReplacer(pairs...)}
}

// entry returns a copy of e without secrets.
func (r redactor) entry(e Entry) Entry {
	for _, field := range []*string{&e.Target, &e.Action, &e.Reason, &e.Incident, &e.Detail} {
		*field = r.text(*field)
	}
	steps := make([]string, len(e.Steps))
	for i, step := range e.Steps {
		steps[i] = r.text(step)
	}
	e.Steps = steps
	e.Params, e.Preflight = r.fields(e.Params), r.fields(e.Preflight)
	return e
}

// clean leaves the text as long as it is.
func (r redactor) clean(s string) string {
	s = r.inURL.ReplaceAllString(r.values.Replace(s), "${1}"+hidden+"@")
	return r.inText.ReplaceAllString(s, "${1}${2}"+hidden)
}

func (r redactor) text(s string) string {
	s = r.clean(s)
	if len(s) > textMax {
		s = strings.ToValidUTF8(s[:textMax], "") + "..."
	}
	return s
}

// fields goes through the JSON form, so that no type can carry a secret past.
func (r redactor) fields(in map[string]any) map[string]any {
	if len(in) == 0 {
		return nil
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return map[string]any{"unreadable": r.text(fmt.Sprint(err))}
	}
	var plain map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return map[string]any{"unreadable": r.text(fmt.Sprint(err))}
	}
	return r.value("", plain).(map[string]any)
}

func (r redactor) value(key string, v any) any {
	if r.keys.MatchString(key) {
		return hidden
	}
	switch v := v.(type) {
	case string:
		return r.text(v)
	case map[string]any:
		clean := make(map[string]any, len(v))
		for name, inner := range v {
			clean[r.text(name)] = r.value(name, inner)
		}
		return clean
	case []any:
		for i := range v {
			v[i] = r.value("", v[i])
		}
	}
	return v
}
