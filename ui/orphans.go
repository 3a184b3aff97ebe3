package ui

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/internal/audit"
)

// orphanAge is how long an action without a result is worth a word at the start.
const orphanAge = 24 * time.Hour

// tellOrphans says at the start what earlier sessions left without a result.
// It reads the record, so it does not run on the event loop.
func (a *App) tellOrphans() {
	if a.o.Orphans == nil {
		return
	}
	orphans, err := a.o.Orphans()
	if err != nil {
		slog.Error("the record could not be read for orphans", "error", err)
		a.post(func() { a.say("the audit cannot be read: "+err.Error(), Bad) })
		return
	}
	orphans = slices.DeleteFunc(orphans, func(o audit.Call) bool {
		return o.Alive() || time.Since(o.Intent.At.Time) > orphanAge
	})
	if n := len(orphans); n > 0 {
		a.post(func() { a.say(orphanText(n, orphans[n-1].Intent), Warn) })
	}
}

// orphanText names the newest of so many orphans.
func orphanText(n int, e audit.Entry) string {
	who := ""
	if e.Who != nil {
		who = " by " + e.Who.User
	}
	text := fmt.Sprintf("orphan: %s %s%s at %s ended without a result: see whether it still runs",
		e.Action, paramText(e.Params), who, e.At.UTC().Format("15:04:05Z"))
	if n > 1 {
		text += fmt.Sprintf(" (and %d more: tocsin audit list)", n-1)
	}
	return text
}

func paramText(params map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		parts = append(parts, fmt.Sprintf("%s=%v", name, params[name]))
	}
	return strings.Join(parts, " ")
}
