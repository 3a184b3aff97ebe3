package cli

import (
	"fmt"

	"tocsin/internal/alert"
)

// herald tells how things stand beyond the screen: in the title of the window,
// and by the bell and a notice of the desktop when something critical begins to
// fire.
type herald struct {
	target   string
	setTitle func(string)
	bell     func()
	notify   func(string) // to the desktop

	title string
	fires map[string]bool // critical alerts by their keys; nil before the first look
}

// tell is called with the newest alerts, by one goroutine.
func (h *herald) tell(alerts []alert.Alert) {
	worst, n := alert.Fine, 0
	fires, ring := map[string]bool{}, false
	for _, a := range alerts {
		level := weight(a)
		if a.Inhibited || !a.Trouble() || level < alert.Warning {
			continue
		}
		if level > worst {
			worst, n = level, 0
		}
		if level == worst {
			n++
		}
		if level == alert.Critical && a.State == alert.Firing {
			fires[a.Key()] = true
			if h.fires != nil && !h.fires[a.Key()] {
				ring = true
				h.notify(fmt.Sprintf("tocsin %s: %s %s %s", h.target, a.Severity, nameOf(a), a.Text()))
			}
		}
	}
	h.fires = fires
	title := fmt.Sprintf("%s: %s", h.target, worst)
	if n > 0 {
		title = fmt.Sprintf("%s: %d %s", h.target, n, worst)
	}
	if title != h.title {
		h.title = title
		h.setTitle(title)
	}
	if ring {
		h.bell()
	}
}
