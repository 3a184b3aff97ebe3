package term

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// allowed matches every sequence that drawing may send: moves, styles, the
// cursor, synchronized output, the end of a link, character sets.
var allowed = regexp.MustCompile(`^\x1b(\[\d*(;\d+)?H|\[[0-9;:]*m|\[\?(25|12|2026)[hl]|\[\?12l\x1b\[\?25h|\[[0-6] q|\[J|\[2J|\]8;;\x1b\\|\(B)$`)

// hostileTexts returns a few hundred strings that try to reach the terminal, to
// be taken for tags, or to look like something else.
func hostileTexts() []string {
	attacks := []string{
		"\x1b[2J", "\x1b]52;c;ZXZpbA==\x07", "\x1b]0;evil\x07", "\x1b]8;;https://evil\x1b\\x", "\x1bP+q544e\x1b\\",
		"\x1b[?1049l", "\x1bc", "\x1b[6n", "\x1b_evil\x1b\\", "\x1b^evil\x1b\\", "\x1bXevil\x1b\\",
		"\u009b2J", "\u009d0;evil\u009c", "\u0090evil\u009c", "\x9b2J", "\xff\xfe", "\xc3(", "\xe2\x82",
		"\x00", "\x07", "\b\b\b", "\x7f", "\x0e", "\x0f", "\r", "\n", "\t", "\v", "\f", "\u0085",
		"[red]", "[::r]", "[::b]x[::-]", `["region"]x[""]`, "[:::https://evil/?a=b]x", "[#ff0000]", "[-]", "[-:-:-]", "[yellow[]", "[[]",
		"[red[[]", "]", "[", "[[[[", "[:::a", "[red", "[red:", "a[b]c", "$<60000>", "%p1%d",
		"\u202e", "\u2066", "\u200e", "\u061c", "\u200b", "\ufeff", "\u00ad", "\u2028", "\u2029",
		"\u200d", "\u200c", "\ufe0f", "⚠\ufe0f", "❤\ufe0e", "👨\u200d👩\u200d👧", "👍🏽", "🏽", "🫨", "🟠", "🇩", "🇩🇪🇫",
		"e\u0301\u0301\u0301\u0301\u0301", "\u0301", strings.Repeat("\u0300", 50), "\u20dd", "\U000e0041", "\U000e0001", "🏴\U000e0067\U000e007f",
		"\ue000", "\U0010fffd", "\U000f0000", "\u0378", "\ufffe", "\u115f", "\u1160", "\u11a8", "ᄀ\u1161", "⸺", "⸻",
		"שלום", "مرحبا", "क्षि", "กำ", "漢字", "\u3000", "\u00a0", "\u180e", "\u3164", "\u0600", "\u0d4e\u0d15",
	}
	var out []string
	for _, a := range attacks {
		out = append(out, a, "q"+a+"z")
	}
	return append(out, strings.Repeat("[:::a", 40), strings.Repeat("\x1b", 40))
}

// widgets draw a text in every way that tview knows.
var widgets = map[string]func(text string) tview.Primitive{
	"table": func(s string) tview.Primitive {
		t := tview.NewTable().SetSelectable(true, false).SetCellSimple(0, 0, s).SetCellSimple(0, 1, "|")
		return t.SetCell(1, 0, tview.NewTableCell(s).SetMaxWidth(8).SetExpansion(1))
	},
	"text": func(s string) tview.Primitive { return tview.NewTextView().SetText(s) },
	"text with tags": func(s string) tview.Primitive {
		return tview.NewTextView().SetDynamicColors(true).SetRegions(true).SetText(s)
	},
	"title":    func(s string) tview.Primitive { return tview.NewBox().SetBorder(true).SetTitle(s) },
	"list":     func(s string) tview.Primitive { return tview.NewList().AddItem(s, s, 'a', nil) },
	"input":    func(s string) tview.Primitive { return tview.NewInputField().SetLabel(s).SetText(s).SetPlaceholder(s) },
	"area":     func(s string) tview.Primitive { return tview.NewTextArea().SetText(s, true) },
	"button":   func(s string) tview.Primitive { return tview.NewButton(s) },
	"tree":     func(s string) tview.Primitive { return tview.NewTreeView().SetRoot(tview.NewTreeNode(s)) },
	"modal":    func(s string) tview.Primitive { return tview.NewModal().SetText(s).AddButtons([]string{s}) },
	"checkbox": func(s string) tview.Primitive { return tview.NewCheckbox().SetLabel(s) },
	"dropdown": func(s string) tview.Primitive {
		return tview.NewDropDown().SetLabel(s).SetOptions([]string{s}, nil).SetCurrentOption(0)
	},
	"drawn": func(s string) tview.Primitive {
		b := tview.NewBox()
		return b.SetDrawFunc(func(screen tcell.Screen, x, y, w, h int) (int, int, int, int) {
			screen.Put(0, 0, s, tcell.StyleDefault)
			screen.PutStr(0, 1, s)
			screen.PutStrStyled(0, 2, s, tcell.StyleDefault.Url("https://evil/"+s).UrlId(s))
			rs := []rune("q" + s)
			screen.SetContent(0, 3, rs[0], rs[1:], tcell.StyleDefault)
			screen.SetContent(0, 4, rs[len(rs)-1], nil, tcell.StyleDefault)
			screen.SetCell(0, 5, tcell.StyleDefault, rs...)
			screen.Fill(rs[len(rs)-1], tcell.StyleDefault)
			return x, y, w, h
		})
	},
}

// TestHostileText draws every hostile text, raw and shown, in every widget, and
// looks at what is sent: only known sequences, and only printable text.
func TestHostileText(t *testing.T) {
	texts := hostileTexts()
	if len(texts) < 200 {
		t.Fatalf("got %d texts, want 200", len(texts))
	}
	for name, widget := range widgets {
		t.Run(name, func(t *testing.T) {
			terminal, tty := openFake(t, "xterm-256color", 24, 6)
			tty.take()
			seen := map[string]bool{}
			for _, text := range texts {
				for _, s := range []string{text, string(Show(text, -1))} {
					checkSent(t, text, newTokens(seen, draw(terminal, tty, widget(s))))
				}
			}
		})
	}
}

// newTokens returns the tokens of sent that have not been seen before.
func newTokens(seen map[string]bool, sent string) []string {
	var out []string
	for _, token := range tokens(sent) {
		if !seen[token] {
			seen[token] = true
			out = append(out, token)
		}
	}
	return out
}

// checkSent fails for anything but allowed sequences and printable text.
func checkSent(t *testing.T, text string, sent []string) {
	t.Helper()
	for _, token := range sent {
		switch {
		case token[0] == '\x1b':
			if !allowed.MatchString(token) {
				t.Errorf("%+q sent the sequence %q", text, token)
			}
		case token == "\b": // after two blanks, before a wide character
		case token[0] < ' ', token[0] == 0x7F:
			t.Errorf("%+q sent the control %q", text, token)
		default:
			checkText(t, text, token)
		}
	}
}

func checkText(t *testing.T, text, sent string) {
	t.Helper()
	marks := 0
	for _, r := range sent {
		switch {
		case unicode.Is(unicode.M, r):
			marks++
		case unicode.IsGraphic(r):
			marks = 0
		default:
			t.Errorf("%+q sent the character %U", text, r)
		}
		if marks > maxMarks || variation(r) {
			t.Errorf("%+q sent %U, mark %d of its cell", text, r, marks)
		}
	}
}

// TestHostileTitle sets hostile window titles.
func TestHostileTitle(t *testing.T) {
	terminal, tty := openFake(t, "xterm-256color", 24, 6)
	tty.take()
	const text = `[^\x00-\x1f\x7f\x{80}-\x{9f}]{0,160}`
	title := regexp.MustCompile(`^\x1b\[>2t\x1b\]2;` + text + `\x1b\\$`)
	for _, s := range hostileTexts() {
		terminal.SetTitle(s)
		settle(terminal)
		if got := tty.take(); !title.MatchString(got) {
			t.Errorf("title %+q: sent %q", s, got)
		}
	}
}

// TestHostileNotice shows hostile text on the desktop.
func TestHostileNotice(t *testing.T) {
	const text = `[^\x00-\x1f\x7f\x{80}-\x{9f}]{0,160}`
	for name, want := range map[string]string{
		"xterm-256color": `^\x1b\]9;` + text + `\x07$`,
		"rxvt-unicode":   `^\x1b\]777;notify;tocsin;[^;\x00-\x1f\x7f\x{80}-\x{9f}]{0,160}\x07$`,
		"linux":          `^$`,
	} {
		terminal, tty := openFake(t, name, 24, 6)
		tty.take()
		for _, s := range hostileTexts() {
			terminal.Notify(s)
			settle(terminal)
			if got := tty.take(); !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("%s: notice %+q: sent %q", name, s, got)
			}
		}
	}
}

// TestShownIsFaithful draws shown text in the widgets that parse tags, and reads
// it back from the screen: nothing may be missing.
func TestShownIsFaithful(t *testing.T) {
	screen := tcell.NewSimulationScreen("UTF-8")
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	defer screen.Fini()
	screen.SetSize(240, 1)
	for _, text := range append(hostileTexts(), "SELECT a[1], b['x'] -- [green]", "plain") {
		shown := Show(text, 230)
		for _, view := range []tview.Primitive{
			tview.NewTable().SetCellSimple(0, 0, string(shown)),
			tview.NewTextView().SetDynamicColors(true).SetRegions(true).SetWrap(false).SetText(string(shown)),
			tview.NewButton(string(shown)),
		} {
			drawOn(screen, view)
			want := strings.TrimSpace(strings.ReplaceAll(string(shown), guard, ""))
			if got := strings.TrimSpace(readLine(screen)); got != want {
				t.Errorf("%T %+q: got %+q, want %+q", view, text, got, want)
			}
		}
	}
}

// readLine returns the text of the first line of the screen.
func readLine(screen tcell.Screen) string {
	var b strings.Builder
	w, _ := screen.Size()
	for x := 0; x < w; {
		text, _, width := screen.Get(x, 0)
		_, _ = fmt.Fprint(&b, text)
		x += max(width, 1)
	}
	return b.String()
}
