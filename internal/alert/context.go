package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Each of these says in a few words, with its number, whether one of the usual
// causes is out of the question; "" where nothing is known about it because
// nobody configured it.

// ruledOut gives what speaks against the usual causes.
func (s *scene) ruledOut() []string {
	return lines(s.failoverLine(), s.deployLine(), s.providerLine(), s.loadLine(), s.lockLine(), s.connectionLine(), s.queryLine())
}

// lines leaves out what is empty.
func lines(texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// broughtLive says how a build came to serve so long ago.
func broughtLive(name, by string, age time.Duration) string {
	switch {
	case age >= time.Hour:
		return "no deploy in " + ago(age)
	case by == "rollback":
		return fmt.Sprintf("rolled back to %s %s ago", name, ago(age))
	case by == "promote":
		return fmt.Sprintf("%s promoted %s ago", name, ago(age))
	default:
		return fmt.Sprintf("deploy %s %s ago", name, ago(age))
	}
}

// deployLine tells how long ago the live build began to serve.
func (s *scene) deployLine() string {
	for _, d := range store.All[model.Deployments](s.v) {
		if d.Sample.Fail != nil {
			return "deploys unknown: " + d.Sample.Fail.Text
		}
		if since, by, ok := d.Sample.Value.LiveSince(); ok {
			live, _ := d.Sample.Value.Live()
			return broughtLive(live.Name, by, s.now.Sub(since))
		}
	}
	return ""
}

// failoverLine tells what happened to the database server itself not long ago:
// it was promoted, started, or another one took its place.
func (s *scene) failoverLine() string {
	replication, _ := store.Get(s.v, store.ReplicationKey())
	changes := replication.Value.Changes
	if len(changes) == 0 {
		return ""
	}
	last := changes[len(changes)-1]
	since := s.now.Sub(last.At)
	if since > lookBack {
		return ""
	}
	return fmt.Sprintf("%s ago: %s", ago(since), last.Text)
}

// providerLine tells whether a provider reports trouble.
func (s *scene) providerLine() string {
	var trouble, dark []string
	pages := store.All[model.StatusPage](s.v)
	for _, page := range pages {
		level, ok := page.Sample.Value.Severity()
		switch {
		case page.Sample.Fail != nil || page.Sample.At.IsZero() || !ok:
			dark = append(dark, strings.TrimPrefix(page.Status.Name, store.StatusPageKey("").Name))
		case level > 0:
			trouble = append(trouble, page.Sample.Value.Name+" reports "+page.Sample.Value.Indicator)
		}
	}
	switch {
	case len(pages) == 0:
		return ""
	case len(trouble) > 0:
		return strings.Join(trouble, ", ")
	case len(dark) > 0:
		return "unknown: " + strings.Join(dark, ", ")
	default:
		return "providers fine"
	}
}

// loadLine compares the requests per second of the last minute with those
// before, for the app that has grown most.
func (s *scene) loadLine() string {
	line, most := "", -1.0
	apps := store.All[model.App](s.v)
	for _, app := range apps {
		name := app.Sample.Value.Name
		subject := ""
		if len(apps) > 1 {
			subject = name + " "
		}
		if text, times := s.loadOf(name, subject); app.Status.State == store.OK && text != "" && times > most {
			line, most = text, times
		}
	}
	return line
}

// loadOf compares for one app, named by subject, and gives how many times the
// usual it has; 0 where the usual is not known.
func (s *scene) loadOf(app, subject string) (line string, times float64) {
	labels := model.Labels{"app": app, windowLabel: suspectWindow}
	now, _, ok := store.Fact(s.v, "http.rate", labels)
	if !ok || !now.Known {
		return "", 0
	}
	usual, ok := median(s.v.Series("http.rate", labels, s.now.Add(-lookBack)))
	rate := subject + number(now.Value, model.None) + " requests/s"
	if !ok || usual == 0 {
		return rate, 0
	}
	times = now.Value / usual
	switch {
	case times > 1.4:
		return fmt.Sprintf("load: %s, %.1f times the usual", rate, times), times
	case times < 0.7:
		return fmt.Sprintf("not load: %s, usually %s", rate, number(usual, model.None)), times
	default:
		return "not load: " + rate + ", flat", times
	}
}

// median of the points; not ok for fewer than three.
func median(points []model.Point) (value float64, ok bool) {
	if len(points) < 3 {
		return 0, false
	}
	values := make([]float64, len(points))
	for i, p := range points {
		values[i] = p.Value
	}
	slices.Sort(values)
	return values[len(values)/2], true
}

// lockLine tells how many sessions wait for a lock.
func (s *scene) lockLine() string {
	f, ok := s.fact("db.locks.waiting")
	if !ok {
		return ""
	}
	return plural(int(f.Value), "session") + " waiting for locks"
}

// connectionLine tells how full the server is.
func (s *scene) connectionLine() string {
	f, ok := s.fact("db.connections.used")
	if !ok {
		return ""
	}
	return "connections " + number(f.Value, f.Unit)
}

// queryLine tells how long the longest statement has been running.
func (s *scene) queryLine() string {
	f, ok := s.fact("db.query.longest")
	if !ok {
		return ""
	}
	return "longest statement " + number(f.Value, f.Unit)
}

// fact finds an unlabelled number of a source that is good now.
func (s *scene) fact(name string) (model.Fact, bool) {
	f, from, ok := store.Fact(s.v, name, nil)
	return f, ok && f.Known && from.State == store.OK
}
