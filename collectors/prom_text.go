package collectors

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"tocsin/internal/model"
)

// series is one line of Prometheus text: a number, with the labels that tell it
// from others of its name.
type series struct {
	labels model.Labels
	value  float64
}

// parseSeries reads Prometheus text (version 0.0.4) and gives its lines by the
// name that they begin with: those of a histogram have three. Comments and
// instants are left out. We need no more of it; the parser of Prometheus makes
// families of its lines, in types that bring Protocol Buffers with them.
func parseSeries(text []byte) (map[string][]series, error) {
	out := map[string][]series{}
	for line := range strings.Lines(string(text)) {
		line = strings.Trim(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		name, s, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %.80q", err, line)
		}
		out[name] = append(out[name], s)
	}
	return out, nil
}

func parseLine(line string) (name string, s series, err error) {
	name, rest := cutName(line)
	if name == "" {
		return "", series{}, errors.New("no name where one is expected")
	}
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		if s.labels, rest, err = parseLabels(inner); err != nil {
			return "", series{}, err
		}
	}
	fields := strings.Fields(rest)
	if len(fields) < 1 || len(fields) > 2 { // the second is an instant
		return "", series{}, errors.New("no number where one is expected")
	}
	if len(fields) == 2 {
		if _, err := strconv.ParseInt(fields[1], 10, 64); err != nil {
			return "", series{}, errors.New("no instant behind the number")
		}
	}
	if s.value, err = strconv.ParseFloat(fields[0], 64); err != nil || strings.ContainsAny(fields[0], "pP_") {
		return "", series{}, errors.New("no number where one is expected")
	}
	return name, s, nil
}

// parseLabels reads name="value", … up to the closing brace, and gives what
// follows it.
func parseLabels(text string) (labels model.Labels, rest string, err error) {
	labels = model.Labels{}
	for {
		text = strings.TrimLeft(text, " \t")
		if rest, ok := strings.CutPrefix(text, "}"); ok {
			return labels, rest, nil
		}
		name, after := cutName(text)
		after, is := strings.CutPrefix(after, "=")
		if name == "" || strings.Contains(name, ":") || !is {
			return nil, "", errors.New("no label where one is expected")
		}
		value, after, ok := parseQuoted(strings.TrimLeft(after, " \t"))
		if _, twice := labels[name]; !ok || twice {
			return nil, "", fmt.Errorf("label %s has no value in quotes, or two", name)
		}
		labels[name] = value
		after = strings.TrimLeft(after, " \t")
		text, is = strings.CutPrefix(after, ",")
		if !is && !strings.HasPrefix(after, "}") {
			return nil, "", fmt.Errorf("no comma behind label %s", name)
		}
	}
}

// cutName takes the name at the beginning of a text off, with the blanks behind
// it; "" where there is none.
func cutName(text string) (name, rest string) {
	end := 0
	for end < len(text) && (nameStarts(text[end]) || end > 0 && '0' <= text[end] && text[end] <= '9') {
		end++
	}
	return text[:end], strings.TrimLeft(text[end:], " \t")
}

func nameStarts(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == ':'
}

// parseQuoted reads a value in quotes, in which a backslash stands before
// quotes, another backslash, and the n of a line break.
func parseQuoted(text string) (value, rest string, ok bool) {
	text, ok = strings.CutPrefix(text, `"`)
	if !ok {
		return "", "", false
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], utf8.ValidString(b.String())
		case '\\':
			if i++; i == len(text) || !strings.ContainsRune(`\"n`, rune(text[i])) {
				return "", "", false
			}
			b.WriteString(map[byte]string{'\\': `\`, '"': `"`, 'n': "\n"}[text[i]])
		default:
			b.WriteByte(text[i])
		}
	}
	return "", "", false
}
