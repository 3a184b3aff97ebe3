package model

import "strings"

// statementCells is how much of a statement a sentence has room for.
const statementCells = 60

// FirstWords is the beginning of a statement in one line, cut with an ellipsis.
// It holds the values that the statement holds; see [WithoutValues].
func FirstWords(sql string) string {
	text := []rune(strings.Join(strings.Fields(sql), " "))
	if len(text) > statementCells {
		return string(text[:statementCells]) + "…"
	}
	return string(text)
}

// WithoutValues is a statement from behind the remarks before it up to the
// first thing that may be a value or another remark: what is said of a session
// goes to chats, tickets and logs.
func WithoutValues(sql string) string {
	sql = afterRemarks(sql)
	for i := range sql {
		if !valueBegins(sql[:i], sql[i:]) {
			continue
		}
		return strings.TrimRight(withoutLetter(sql[:i]), " \t\r\n=<>(,+-.") + " …"
	}
	return sql
}

// valueBegins tells whether a literal or a remark may begin between two parts
// of a statement. A parameter such as $1 is none.
func valueBegins(before, rest string) bool {
	switch c := rest[0]; {
	case c == '\'', c == '"', strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "/*"):
		return true
	case c == '$':
		return len(rest) < 2 || !isDigit(rest[1])
	default:
		return isDigit(c) && !inName(before) && !strings.HasSuffix(before, "$")
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// inName tells whether what comes next goes on with a name: t1 is no number.
func inName(before string) bool {
	if before == "" {
		return false
	}
	last := before[len(before)-1]
	return last == '_' || last|0x20 >= 'a' && last|0x20 <= 'z' || isDigit(last) || last >= 0x80
}

// withoutLetter takes the letter away that begins texts such as E'x'.
func withoutLetter(before string) string {
	if n := len(before); n > 1 && inName(before) && !inName(before[:n-1]) {
		return before[:n-1]
	}
	return before
}

// afterRemarks is a statement without the remarks before it; "" where one does
// not end.
func afterRemarks(sql string) string {
	depth := 0 // PostgreSQL nests them
	for sql != "" {
		switch {
		case strings.HasPrefix(sql, "/*"):
			depth, sql = depth+1, sql[2:]
		case depth > 0 && strings.HasPrefix(sql, "*/"):
			depth, sql = depth-1, sql[2:]
		case depth == 0 && strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case depth == 0 && !strings.ContainsRune(" \t\r\n\v\f", rune(sql[0])):
			return sql
		default:
			sql = sql[1:]
		}
	}
	return ""
}
