package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"

	"tocsin/internal/term"
	"tocsin/internal/testkit"
)

// screenshot draws one place of the screen at one size.
func screenshot(t *testing.T, in In, at place, w, h int) string {
	t.Helper()
	under := tcell.NewSimulationScreen("UTF-8")
	if err := under.Init(); err != nil {
		t.Fatal(err)
	}
	defer under.Fini()
	under.SetSize(w, h)
	screen := term.NewScreen(under, in.ASCII, true)
	a := &App{o: Options{Runner: noActions()}, pages: Pages(), grids: map[place]*grid{}, glyphs: term.NewGlyphs(in.ASCII), at: at, in: in}
	a.commands = commandList(a.pages, nil)
	a.keys, _ = bind(a.commands, nil)
	a.draw(canvas{screen: screen, theme: themes()[0], glyphs: a.glyphs, w: w, h: h})
	screen.Show()
	return testkit.ScreenText(under)
}

// TestScenes draws every view of every situation at every size, as a whole
// screen, and shows what Enter opens for the first rows and the evidence.
func TestScenes(t *testing.T) {
	sizes := []struct{ w, h int }{{160, 48}, {120, 36}, {80, 24}, {60, 15}, {20, 5}}
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			play(t, s, func(t *testing.T, in In) {
				if s.duty != nil {
					in = s.duty(t, in)
				}
				for _, size := range sizes {
					testkit.Golden(t, fmt.Sprintf("screens/%s-%dx%d", s.name, size.w, size.h), pictures(t, in, size.w, size.h, size.w == 80 || size.w == 160 && s.wide))
				}
				testkit.Golden(t, "details/"+s.name, details(in))
				if s.name != "hostile" {
					checkASCII(t, in)
				}
			})
		})
	}
}

// checkASCII says that nothing of our own is beyond ASCII where only that can
// be drawn.
func checkASCII(t *testing.T, in In) {
	t.Helper()
	in.ASCII = true
	in.Suspect.Summary = strings.Map(ascii, in.Suspect.Summary)
	for i, r := range pictures(t, in, 120, 36, false) + pictures(t, in, 80, 24, true) {
		if r > 0x7e {
			t.Fatalf("%q at %d", r, i)
		}
	}
}

// ascii leaves out what the verdict of a test says beyond ASCII.
func ascii(r rune) rune {
	if r > 0x7e {
		return -1
	}
	return r
}

// pictures are the overview and, where asked for, all other views.
func pictures(t *testing.T, in In, w, h int, all bool) string {
	t.Helper()
	var b strings.Builder
	for i, p := range Pages() {
		tabs := max(len(p.Tabs), 1)
		if i > 0 && !all {
			break
		}
		for tab := range tabs {
			fmt.Fprintf(&b, "== %s %d ==\n%s", p.Name, tab, screenshot(t, in, place{page: i, tab: tab}, w, h))
		}
	}
	return b.String()
}

// details is what Enter opens for the first rows of every view, and the
// evidence of the verdict.
func details(in In) string {
	in.Width, in.Height = 96, 40
	var b strings.Builder
	b.WriteString("== evidence ==\n")
	writeLines(&b, Evidence(in))
	for _, p := range Pages() {
		for _, tab := range p.Tabs {
			writeDetails(&b, in, p.Name, tab)
		}
	}
	return b.String()
}

// writeDetails writes the details of the first two rows, and of the last.
func writeDetails(b *strings.Builder, in In, page string, tab Tab) {
	f := tab.Frame(in)
	if f.Table == nil || len(f.Table.Rows) == 0 {
		return
	}
	rows := f.Table.Rows
	if len(rows) > 3 {
		rows = append(rows[:2:2], rows[len(rows)-1])
	}
	for _, row := range rows {
		fmt.Fprintf(b, "\n== %s, %s, %s ==\n", page, tab.Name, term.Show(row.Key, 60))
		writeLines(b, tab.Detail(in, row.Key))
	}
}

// writeLines writes what is drawn of lines, as the canvas does.
func writeLines(b *strings.Builder, lines []Line) {
	for _, l := range lines {
		text := ""
		for _, s := range l {
			shown := term.Show(s.Text, -1)
			if s.Width > 0 {
				shown = align(s.Text, s.Width, s.Right)
			}
			text += strings.ReplaceAll(string(shown), "\u200b", "")
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}

// TestDetailsOfWhatIsGone says that a row that has gone meanwhile leaves a
// sentence and not a crash.
func TestDetailsOfWhatIsGone(t *testing.T) {
	for _, s := range []scene{{name: "calm", started: time.Minute}, {name: "pending", silent: true, started: time.Second}} {
		play(t, s, func(t *testing.T, in In) {
			in.Width = 80
			for _, p := range Pages() {
				for _, tab := range p.Tabs {
					if tab.Detail == nil {
						continue
					}
					for _, key := range []string{"", "gone", "more/", "more/12", "/"} {
						tab.Detail(in, key)
					}
				}
			}
		})
	}
}

// TestEverySize draws every view at sizes from nothing up, and the same twice:
// a frame depends on its input alone.
func TestEverySize(t *testing.T) {
	for _, s := range scenes() {
		if s.name != "lock-pileup" && s.name != "hostile" {
			continue
		}
		play(t, s, func(t *testing.T, in In) {
			for i, p := range Pages() {
				for tab := range max(len(p.Tabs), 1) {
					drawSizes(t, in, place{page: i, tab: tab})
				}
			}
			if diff := cmp.Diff(pictures(t, in, 80, 24, true), pictures(t, in, 80, 24, true)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func drawSizes(t *testing.T, in In, at place) {
	t.Helper()
	for _, size := range [][2]int{{1, 1}, {2, 3}, {5, 2}, {11, 40}, {19, 4}, {37, 9}, {61, 14}, {101, 8}, {119, 36}, {220, 3}} {
		screenshot(t, in, at, size[0], size[1])
	}
}
