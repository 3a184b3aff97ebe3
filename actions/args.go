package actions

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// argMax is the longest argument, in bytes.
const argMax = 1000

// spanMax is the longest span an action may be given.
const spanMax = 24 * time.Hour

// checkArgs compares the arguments of a call with what the action declares.
func checkArgs(a Action, args Args) error {
	for name := range args {
		if !slices.ContainsFunc(a.Params, func(p Param) bool { return p.Name == name }) {
			return fmt.Errorf("%w: %s has no parameter %s", ErrUsage, a.ID, name)
		}
	}
	for _, p := range a.Params {
		value, given := args[p.Name]
		if !given && p.Optional {
			continue
		}
		if !given {
			return fmt.Errorf("%w: %s needs %s", ErrUsage, a.ID, p.Name)
		}
		if why := p.Type.fault(value); why != "" {
			return fmt.Errorf("%w: %s %s=%s: %s", ErrUsage, a.ID, p.Name, value, why)
		}
	}
	return nil
}

// fault says why a text is not of the type; "" when it is.
func (t Type) fault(value string) string {
	switch {
	case value == "":
		return "it is empty"
	case len(value) > argMax:
		return "it is too long"
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return "it has characters that cannot be shown"
	}
	switch t {
	case TypePID:
		if pid, err := strconv.ParseInt(value, 10, 32); err != nil || pid <= 0 {
			return "it is not a process number"
		}
	case TypeTime:
		if _, err := time.Parse(time.RFC3339Nano, value); err != nil {
			return "it is not a time like 2006-01-02T15:04:05.999999Z"
		}
	case TypeDeployment:
		if strings.ContainsFunc(value, unicode.IsSpace) || strings.HasPrefix(value, "-") {
			return "it is not a deployment id"
		}
	case TypePrefix:
		return prefixFault(value)
	case TypeIssue:
		if strings.Trim(value, "0123456789") != "" {
			return "it is not the id of an issue: digits"
		}
	case TypeSpan:
		if d, err := time.ParseDuration(value); err != nil || d <= 0 || d > spanMax {
			return "it is not a span like 90m, 24h at most"
		}
	}
	return ""
}

// prefixFault refuses what would match more than it says.
func prefixFault(prefix string) string {
	if strings.ContainsAny(prefix, `*?[]\`) {
		return `a prefix is taken as it is and has none of * ? [ ] \`
	}
	return ""
}
