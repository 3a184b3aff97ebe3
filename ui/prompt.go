package ui

import (
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

// newForm asks for the parameters an action still needs, one after the other,
// and then opens its card.
func newForm(act actions.Action, args actions.Args, missing []actions.Param) *prompt {
	p := missing[0]
	return &prompt{
		title: act.Title,
		label: p.Name + ": " + p.Help,
		done: func(a *App, text string) string {
			if text == "" {
				return p.Name + " is needed"
			}
			if why := p.Fault(text); why != "" {
				return why
			}
			full := actions.Args{p.Name: text}
			for k, v := range args {
				full[k] = v
			}
			a.order(act.ID, full)
			return ""
		},
	}
}
