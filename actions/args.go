package actions

import (
	"fmt"
	"net/netip"
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
			return fmt.Errorf("%w: %s has no parameter %s: it takes %s", ErrUsage, a.ID, name, paramNames(a))
		}
	}
	for _, p := range a.Params {
		value, given := args[p.Name]
		if !given && p.Optional {
			continue
		}
		if !given {
			return fmt.Errorf("%w: %s needs %s=: %s", ErrUsage, a.ID, p.Name, p.Help)
		}
		if why := p.Type.fault(value); why != "" {
			return fmt.Errorf("%w: %s %s=%s: %s", ErrUsage, a.ID, p.Name, value, why)
		}
	}
	return nil
}

// paramNames lists what an action takes.
func paramNames(a Action) string {
	var names []string
	for _, p := range a.Params {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Fault says why a text cannot be the value of the parameter; "" when it can.
func (p Param) Fault(value string) string { return p.Type.fault(value) }

// most is the longest text of the type, in bytes.
func (t Type) most() int {
	if t == TypeSessions {
		return 64 << 10
	}
	return argMax
}

// fault says why a text is not of the type; "" when it is.
func (t Type) fault(value string) string {
	switch {
	case value == "":
		return "it is empty"
	case len(value) > t.most():
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
	case TypeSessions:
		if _, err := parseSessions(value); err != nil {
			return err.Error()
		}
	case TypeState:
		if !slices.Contains([]string{"active", "idle", idleInTransaction}, value) {
			return `it is none of active, idle and "idle in transaction"`
		}
	case TypeDeployment:
		if strings.ContainsFunc(value, unicode.IsSpace) || strings.HasPrefix(value, "-") {
			return "it is not a deployment id"
		}
	case TypeQueryID:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return "it is not a queryid"
		}
	case TypeOID:
		if _, err := strconv.ParseUint(value, 10, 32); err != nil {
			return "it is not an oid"
		}
	case TypePrefix:
		return prefixFault(value)
	case TypeCount:
		if n, err := strconv.Atoi(value); err != nil || n <= 0 {
			return "it is not a whole number above zero"
		}
	default:
		return t.serviceFault(value)
	}
	return ""
}

// serviceFault is fault for what belongs to services around the database.
func (t Type) serviceFault(value string) string {
	switch t {
	case TypeIP:
		if a, err := netip.ParseAddr(value); err != nil || !a.Is4() {
			return "it is not an IPv4 address"
		}
	case TypeNetwork:
		if _, err := parseNetwork(value); err != nil {
			return err.Error()
		}
	case TypeSwitch:
		if value != switchOn && value != switchOff {
			return "say on or off"
		}
	case TypeTag:
		return tagFault(value)
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
