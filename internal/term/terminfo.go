package term

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/gdamore/tcell/v2/terminfo"
)

// fallbackTerm is what an unknown type of terminal is taken for.
const fallbackTerm = "xterm-256color"

// lookup finds the description of the terminal type name (TERM). For a type
// that nobody knows it takes xterm-256color and returns a note that says so.
func lookup(name string) (ti *terminfo.Terminfo, note string, err error) {
	switch name {
	case "":
		return nil, "", fmt.Errorf("TERM is not set: set it to the type of this terminal, such as %s", fallbackTerm)
	case "dumb":
		return nil, "", fmt.Errorf("TERM is dumb: this terminal cannot place text (if it can, set TERM=%s)", fallbackTerm)
	}
	ti, err = tcell.LookupTerminfo(name)
	if err != nil {
		note = fmt.Sprintf("Terminal type %s is unknown here; taken for %s.", Show(name, 40), fallbackTerm)
		ti, err = tcell.LookupTerminfo(fallbackTerm)
	}
	if err != nil {
		return nil, "", fmt.Errorf("look up terminal type %s: %w", fallbackTerm, err)
	}
	return unpadded(ti), note, nil
}

// unpadded returns a copy of ti without padding. tcell sleeps for padding while
// it holds the screen's lock: seconds for a frame on a vt100, and as long as a
// hostile title asks for. The copy has no size either: tcell would make a buffer
// of it before it asks the terminal. The original is shared by the whole process.
func unpadded(ti *terminfo.Terminfo) *terminfo.Terminfo {
	own := *ti
	padding := regexp.MustCompile(`\$<[0-9.]+[*/]*>`)
	v := reflect.ValueOf(&own).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String && strings.Contains(f.String(), "$<") {
			f.SetString(padding.ReplaceAllString(f.String(), ""))
		}
	}
	own.PadChar = ""
	own.Columns, own.Lines = 0, 0
	return &own
}

// xtermLike tells whether the terminal knows xterm's further sequences:
// titles, clipboard, synchronized output.
func xtermLike(ti *terminfo.Terminfo) bool {
	return ti.XTermLike || strings.HasPrefix(ti.Name, "xterm")
}

// locale returns the locale that decides the character set: the first set of
// LC_ALL, LC_CTYPE and LANG.
func locale() string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}

// ASCIILocale tells whether the locale of this process allows ASCII only, for
// text that is printed without a screen.
func ASCIILocale() bool { return asciiLocale(locale()) }

// asciiLocale tells whether the locale allows ASCII only.
func asciiLocale(name string) bool {
	if name == "C" || name == "POSIX" {
		return true
	}
	_, charset, _ := strings.Cut(name, ".")
	charset, _, _ = strings.Cut(charset, "@")
	switch strings.ToUpper(charset) {
	case "US-ASCII", "ASCII", "ISO646", "ANSI_X3.4-1968":
		return true
	}
	return false
}
