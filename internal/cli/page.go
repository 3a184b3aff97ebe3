package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	xterm "golang.org/x/term"

	"tocsin/internal/alert"
	"tocsin/internal/term"
)

// oneShot runs a command that prints and ends. A reader that has seen enough
// (… | head) is no failure: unless the signal is asked for, the runtime dies
// of it instead of giving the write an error.
func oneShot(run func() error) error {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)
	return run()
}

// The forms in which a command prints.
const (
	formTable      = "table"
	formJSON       = "json"
	formPrometheus = "prometheus"
)

// form is the value of -o: one of a few words.
type form struct {
	word  string
	words []string
}

// formFlag gives a command its -o; the first word is the default.
func formFlag(cmd *cobra.Command, words ...string) *form {
	f := &form{word: words[0], words: words}
	cmd.Flags().VarP(f, "output", "o", "how to print it: "+strings.Join(words, ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	return f
}

// String implements pflag.Value.
func (f *form) String() string { return f.word }

// Type implements pflag.Value.
func (f *form) Type() string { return "form" }

// Set implements pflag.Value.
func (f *form) Set(word string) error {
	if !slices.Contains(f.words, word) {
		return fmt.Errorf("it is one of %s", strings.Join(f.words, ", "))
	}
	f.word = word
	return nil
}

// page is text for people on its way out: aligned, safe to show, ASCII where
// the locale wants it and in colour on a terminal only.
type page struct {
	text  bytes.Buffer
	ascii bool
	color bool
}

func (c *command) page() *page {
	return &page{ascii: c.ascii || term.ASCIILocale(), color: isTerminal(c.out) && os.Getenv("NO_COLOR") == ""}
}

// isTerminal tells whether a stream ends on a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && xterm.IsTerminal(int(file.Fd()))
}

// clean makes text from outside safe, on one line. The mark by which the screen
// keeps brackets apart from its own tags has no place in plain text.
func clean(text string) string {
	return strings.ReplaceAll(string(term.Show(text, -1)), "\u200b", "")
}

// line writes one line.
func (p *page) line(format string, args ...any) {
	p.text.WriteString(p.plain(strings.TrimRight(clean(fmt.Sprintf(format, args...)), " ")) + "\n")
}

// row is one line of a table; its first cell has the colour of the level.
type row struct {
	level alert.Level
	cells []string
}

// table writes rows in columns under a heading; no heading where it is nil.
func (p *page) table(heading []string, rows []row) {
	if len(rows) == 0 {
		return
	}
	if heading != nil {
		rows = append([]row{{cells: heading}}, rows...)
	}
	var widths []int
	for _, r := range rows {
		for i, cell := range r.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], term.Width(term.Shown(p.plain(clean(cell)))))
		}
	}
	for _, r := range rows {
		p.row(r, widths)
	}
}

func (p *page) row(r row, widths []int) {
	var line strings.Builder
	for i, cell := range r.cells {
		cell = string(term.Pad(term.Shown(p.plain(clean(cell))), widths[i]))
		if i == 0 {
			cell = p.tint(cell, r.level)
		}
		line.WriteString(cell + "  ")
	}
	p.text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// tint gives text the colour of a level.
func (p *page) tint(text string, level alert.Level) string {
	if !p.color || level == alert.Fine {
		return text
	}
	codes := map[alert.Level]string{alert.Unclear: "35", alert.Warning: "33", alert.Critical: "1;31"}
	return "\x1b[" + codes[level] + "m" + text + "\x1b[0m"
}

// plain writes with ASCII what has to be.
func (p *page) plain(text string) string {
	if !p.ascii {
		return text
	}
	text = strings.NewReplacer("→", "->", "·", "-", "…", "...", "−", "-", "≥", ">=", "≤", "<=").Replace(text)
	return strings.Map(func(r rune) rune {
		if r > 0x7e {
			return '?'
		}
		return r
	}, text)
}

// putPage writes a page to the standard output.
func (c *command) putPage(p *page) error { return c.put(p.text.Bytes()) }

// put writes to the standard output. Nobody reading any more is no failure,
// and must not change the exit code.
func (c *command) put(data []byte) error {
	_, err := io.Copy(c.out, bytes.NewReader(data))
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		return &exit{exitFailed, fmt.Errorf("print: %w", err)}
	}
	return nil
}

// warn tells what was not possible and does not stop the command.
func (c *command) warn(err error) { _, _ = fmt.Fprintln(c.err, "tocsin: "+err.Error()) }
