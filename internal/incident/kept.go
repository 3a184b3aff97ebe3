package incident

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// The marks between which a postmortem belongs to people.
const keepBegin, keepEnd = "<!-- keep -->", "<!-- /keep -->"

// sealBegin begins the last line of a postmortem, which knows what was written
// outside the marks.
const sealBegin = "<!-- what stands outside the keep marks is written anew each time; it was "

// seal closes a postmortem with the sum of what stands outside its marks.
func seal(text string) string { return text + "\n" + sealBegin + sumOutside(text) + " -->\n" }

// Sealed tells whether a postmortem is as it was written, but for what stands
// between its marks: nothing is lost when it is written anew.
func Sealed(text string) bool {
	return strings.Contains(text, sealBegin+sumOutside(text)+" -->")
}

// sumOutside is the sum of what stands outside the marks, without the seal.
func sumOutside(text string) string {
	var out []string
	walk(text, func(line string) {
		if !strings.HasPrefix(line, sealBegin) {
			out = append(out, line)
		}
	}, func([]string) {})
	return fmt.Sprintf("%.16x", sha256.Sum256([]byte(strings.TrimSpace(strings.Join(out, "\n")))))
}

// keptOf reads the kept texts of a postmortem by the heading above them; several
// of one part are one text.
func keptOf(text string) map[string]string {
	out, title := map[string]string{}, ""
	walk(text, func(line string) {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			title = heading
		}
	}, func(kept []string) {
		kept = slices.DeleteFunc(slices.Clone(kept), isMark)
		out[title] = strings.Trim(out[title]+"\n\n"+strings.Trim(strings.Join(kept, "\n"), "\n"), "\n")
	})
	return out
}

// walk goes through a postmortem: by line outside the marks, and by what stands
// between two. Headings between the marks belong to the text. A mark that is not
// closed keeps the rest of its part.
func walk(text string, outside func(line string), kept func(lines []string)) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		outside(lines[i])
		if strings.TrimSpace(lines[i]) != keepBegin {
			continue
		}
		n := keptLines(lines[i+1:])
		kept(lines[i+1 : i+1+n])
		i += n
	}
}

func isMark(line string) bool {
	line = strings.TrimSpace(line)
	return line == keepBegin || line == keepEnd || strings.HasPrefix(line, sealBegin)
}

// keptLines counts the lines up to the mark that closes the text, or where that
// is missing, up to the next part.
func keptLines(lines []string) int {
	mark := slices.IndexFunc(lines, isMark)
	if mark >= 0 && strings.TrimSpace(lines[mark]) == keepEnd {
		return mark
	}
	next := slices.IndexFunc(lines, func(line string) bool {
		return slices.ContainsFunc(sections(), func(s section) bool { return line == "## "+s.title })
	})
	if next < 0 {
		return len(lines)
	}
	return next
}
