package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

const (
	// lookBack is how far the beginning of something is searched for.
	lookBack = 30 * time.Minute
	// suspectWindow is over what the suspect looks at ratios and quantiles: a
	// longer one would tell of a fault minutes later.
	suspectWindow = "1m"
)

// scene is all that the cases look at.
type scene struct {
	v      store.View
	now    time.Time
	hot    []hot // readings over their threshold now; the most severe first
	alerts []Alert
	deeds  []Deed // that are recent
}

// hot is a reading that is over its threshold now.
type hot struct {
	Alert

	value float64   // over one minute where the metric has windows
	began time.Time // when it went over; zero when that is not known
}

func newScene(v store.View, alerts []Alert, deeds []Deed) *scene {
	s := &scene{v: v, now: v.Now(), alerts: alerts}
	for _, d := range deeds {
		if d.Recent(s.now) {
			s.deeds = append(s.deeds, d)
		}
	}
	for _, a := range alerts {
		if h, ok := s.overNow(a); ok {
			s.hot = append(s.hot, h)
		}
	}
	slices.SortStableFunc(s.hot, func(a, b hot) int { return strings.Compare(string(a.Severity), string(b.Severity)) })
	return s
}

// overNow looks at the reading of an alert over one minute. One that fires
// counts until its clear threshold holds, so that a queue that breathes does
// not change the answer; not so where the alert looks at a longer window.
func (s *scene) overNow(a Alert) (hot, bool) {
	h := hot{Alert: a, value: a.Value}
	known, windowed := a.Known, a.Labels[windowLabel] != ""
	switch {
	case windowed:
		h.Labels = lastMinute(a.Labels)
		f, from, ok := store.Fact(s.v, a.Metric, h.Labels)
		h.value, h.Count = f.Value, f.Count
		known = ok && f.Known && from.State == store.OK && f.Count >= a.MinCount
	case a.Metric == "host.cpu" && known:
		h.value, known = mean(s.v.Series(a.Metric, a.Labels, s.now.Add(-time.Minute)))
	}
	if !known {
		return hot{}, false
	}
	over, err := a.Threshold.Holds(h.value, a.Unit)
	if err != nil || !over && (a.State != Firing || windowed) {
		return hot{}, false
	}
	h.began = s.beganOver(h)
	return h, true
}

// mean is the average of points; not ok when they are too few to call it one.
func mean(points []model.Point) (value float64, ok bool) {
	for _, p := range points {
		value += p.Value
	}
	return value / float64(max(len(points), 1)), len(points) >= 5
}

// beganOver finds when the reading went over its threshold and stayed there.
func (s *scene) beganOver(h hot) time.Time {
	points := s.v.Series(h.Metric, h.Labels, s.now.Add(-lookBack))
	began := time.Time{}
	for _, p := range slices.Backward(points) {
		if over, err := h.Threshold.Holds(p.Value, h.Unit); err != nil || !over {
			break
		}
		began = p.At
	}
	switch {
	case began.IsZero() && !h.Since.IsZero():
		return h.Since
	case began.IsZero():
		return s.now
	case !h.Since.IsZero() && h.Since.Before(began) && len(points) > 0 && began.Equal(points[0].At):
		return h.Since // it was over before the points begin
	default:
		return began
	}
}

// over finds the reading of a rule that is over its threshold now; the first
// in the order of the alerts.
func (s *scene) over(rules ...string) (hot, bool) {
	for _, h := range s.hot {
		if slices.Contains(rules, h.Rule) {
			return h, true
		}
	}
	return hot{}, false
}

// all finds every reading of the rules that is over its threshold now.
func (s *scene) all(rules ...string) []hot {
	var out []hot
	for _, h := range s.hot {
		if slices.Contains(rules, h.Rule) {
			out = append(out, h)
		}
	}
	return out
}

// symptoms are the readings that users feel: errors, slow or no answers.
func (s *scene) symptoms() []hot { return s.all(symptomRules()...) }

func symptomRules() []string {
	return []string{"service.down", "http.error_rate.high", "http.error_rate", "http.p95", "http.p99"}
}

// errors are those of the symptoms where nothing good is answered.
func (s *scene) errors() []hot { return s.all(symptomRules()[:3]...) }

// falling tells whether a reading has come down within the last minute: what
// caused it may be over, and a window of a minute still holds it.
func (s *scene) falling(h hot) bool {
	for _, p := range s.v.Series(h.Metric, h.Labels, s.now.Add(-time.Minute)) {
		if h.value < 0.9*p.Value {
			return h.Threshold.Op == ">" || h.Threshold.Op == ">="
		}
	}
	return false
}

// course is a reading in words, and that it comes down where it does.
func (s *scene) course(h hot) string {
	text := h.text()
	if !s.falling(h) {
		return text
	}
	if limit, has := strings.CutSuffix(text, ")"); has {
		return limit + ", now falling)" // what follows is no reason for that
	}
	return text + " (now falling)"
}

// symptomTexts says the symptoms in words.
func (s *scene) symptomTexts() []string { return texts(s.symptoms()) }

// texts says readings in words, each once though several rules look at it.
func texts(readings []hot) []string {
	var out []string
	for _, h := range readings {
		if text := h.text(); !slices.ContainsFunc(out, func(other string) bool { return sameReading(other, text) }) {
			out = append(out, text)
		}
	}
	return out
}

// sameReading tells whether two texts differ in the limit only.
func sameReading(a, b string) bool {
	a, _, _ = strings.Cut(a, " (limit")
	b, _, _ = strings.Cut(b, " (limit")
	return a == b
}

// text is the reading in a few words: "http.p95 shop 4.8 s (limit 1 s)".
func (h hot) text() string {
	if h.Metric == "service.down" {
		return h.Subject() + " down"
	}
	if h.Says != "" {
		return h.name() + " " + h.Says
	}
	limit, _ := h.Threshold.In(h.Unit) // it held a moment ago, so it fits
	return fmt.Sprintf("%s %s (limit %s)", h.name(), number(h.value, h.Unit), number(limit, h.Unit))
}

// loud is how loud the reading is: as its alert is shown, a warning at least.
func (h hot) loud() Level { return max(h.Level(), Warning) }

// unreadable lists the sources that cannot be read, with the reason.
func (s *scene) unreadable() []string {
	var out []string
	for _, src := range s.v.Sources() {
		if src.State == store.Error {
			out = append(out, src.Name+": "+src.Fail.Text)
		}
	}
	return out
}

// known gives the newest value of a source that is good now.
func known[T store.Snapshot](s *scene, key store.Key[T]) (value T, ok bool) {
	value, _, ok = knownAt(s, key)
	return value, ok
}

// knownAt is known, with the time of the reading.
func knownAt[T store.Snapshot](s *scene, key store.Key[T]) (value T, at time.Time, ok bool) {
	sample, ok := store.Get(s.v, key)
	if !ok || sample.Fail != nil || sample.At.IsZero() {
		return value, at, false
	}
	return sample.Value, sample.At, true
}

// plural counts things: "1 session", "38 sessions".
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
