package ui

import (
	"maps"

	"github.com/gdamore/tcell/v2"

	"tocsin/actions"
)

// prompt asks for one line of text.
type prompt struct {
	title string
	label string
	typed entry
	wrong string // what was not right about the last try
	// done takes the text and returns what is wrong with it, "" when nothing is.
	done func(a *App, text string) string
}

func (p *prompt) draw(_ *App, c canvas) {
	w := min(c.w, 76)
	box := c.part((c.w-w)/2, max(c.h/3-2, 0), w, 5)
	box.clear()
	inner := box.frame(Line{{Text: p.title, Role: Title}}, c.theme.dialog)
	inner.line(1, 0, Line{{Text: p.label, Role: Muted}})
	p.typed.draw(inner.part(1, 1, inner.w-2, 1), true)
	last := Line{{Text: "Enter takes it · Esc leaves", Role: Muted}}
	if p.wrong != "" {
		last = Line{{Text: p.wrong, Role: Bad}}
	}
	inner.line(1, 2, last)
}

func (p *prompt) key(a *App, ev *tcell.EventKey) {
	switch keyName(ev) {
	case "Esc", "Ctrl-C":
		a.drop(p)
	case "Enter":
		if p.wrong = p.done(a, p.typed.String()); p.wrong == "" {
			a.drop(p)
		}
	default:
		p.typed.key(ev)
	}
}

func (p *prompt) paste(_ *App, text string) { p.typed.paste(text) }

// newForm asks for the first of these parameters, and then for the others.
func newForm(act actions.Action, args actions.Args, ask []actions.Param) *prompt {
	p := ask[0]
	return &prompt{
		title: act.Title,
		label: p.Name + ": " + p.Help,
		done: func(a *App, text string) string {
			full := maps.Clone(args)
			if full == nil {
				full = actions.Args{}
			}
			switch {
			case text == "" && !p.Optional:
				return p.Name + " is needed"
			case text != "":
				if why := p.Fault(text); why != "" {
					return why
				}
				full[p.Name] = text
			}
			a.complete(act, full, ask[1:])
			return ""
		},
	}
}
