package collectors

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/model"
)

// matchers are label conditions as PromQL writes them, all of which have to
// hold: code=~"5..",method!="HEAD".
type matchers []matcher

type matcher struct {
	label string
	not   bool
	is    *regexp.Regexp // anchored; for = and != of the quoted text
}

// parseMatchers reads matchers with or without the braces. No text is no
// condition.
func parseMatchers(text string) (matchers, error) {
	rest := strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		if rest, ok = strings.CutSuffix(inner, "}"); !ok {
			return nil, fmt.Errorf("%s: the brace is not closed", text)
		}
	}
	var out matchers
	for rest = strings.TrimSpace(rest); rest != ""; {
		m, after, err := nextMatcher(rest)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		out = append(out, m)
		after, comma := strings.CutPrefix(strings.TrimSpace(after), ",")
		if !comma && after != "" {
			return nil, fmt.Errorf("%s: a comma is missing before %s", text, after)
		}
		rest = strings.TrimSpace(after)
	}
	return out, nil
}

// nextMatcher reads one matcher and returns what follows it.
func nextMatcher(text string) (m matcher, rest string, err error) {
	i := strings.IndexAny(text, "=!")
	if i <= 0 {
		return matcher{}, "", fmt.Errorf(`%s is not of the form label="value"`, text)
	}
	m.label = strings.TrimSpace(text[:i])
	op, rest := operator(text[i:])
	if op == "" {
		return matcher{}, "", fmt.Errorf("%s is followed by none of = != =~ !~", m.label)
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return matcher{}, "", fmt.Errorf("the value of %s is not in quotes", m.label)
	}
	value, err := strconv.Unquote(quoted)
	if err != nil {
		return matcher{}, "", fmt.Errorf("the value of %s: %w", m.label, err)
	}
	if !strings.HasSuffix(op, "~") {
		value = regexp.QuoteMeta(value)
	}
	m.not = op[0] == '!'
	if m.is, err = regexp.Compile("^(?s:" + value + ")$"); err != nil {
		return matcher{}, "", fmt.Errorf("the pattern of %s: %w", m.label, err)
	}
	return m, rest[len(quoted):], nil
}

// operator cuts the comparison off; it is "" where there is none.
func operator(text string) (op, rest string) {
	for _, op := range []string{"=~", "!~", "!=", "="} {
		if rest, ok := strings.CutPrefix(text, op); ok {
			return op, strings.TrimSpace(rest)
		}
	}
	return "", text
}

// match tells whether all conditions hold. A label that is absent is "".
func (ms matchers) match(labels model.Labels) bool {
	for _, m := range ms {
		if m.is.MatchString(labels[m.label]) == m.not {
			return false
		}
	}
	return true
}

// absent is the first label that has to have a value and that none of the
// series has; "" when there is no such label. A condition on a label that does
// not exist would count no failure for ever.
func (ms matchers) absent(all []series) string {
	for _, m := range ms {
		has := func(s series) bool { _, ok := s.labels[m.label]; return ok }
		if !m.not && !slices.ContainsFunc(all, has) {
			return m.label
		}
	}
	return ""
}
