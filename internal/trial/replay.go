package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Recorded is one document of a recording: what `tocsin status -o json` prints.
// A recording is any number of them one after another.
type Recorded struct {
	Version int              `json:"version"`
	Target  string           `json:"target"`
	At      time.Time        `json:"at"`
	Sources []recordedSource `json:"sources"`
	Metrics []recordedMetric `json:"metrics"`
}

type recordedSource struct {
	Name  string      `json:"name"`
	State store.State `json:"state"`
	At    *time.Time  `json:"at"`
	Error *string     `json:"error"`
}

type recordedMetric struct {
	Name   string       `json:"name"`
	Labels model.Labels `json:"labels"`
	Source string       `json:"source"`
	Value  *float64     `json:"value"`
	Unit   model.Unit   `json:"unit"`
	Count  *int         `json:"count"`
}

// RecordedVersion is the version of the documents that can be replayed.
const RecordedVersion = 1

// moment is the document as the engine looks at it. How often a source is read
// it does not tell, so what its source could not read is not judged.
func (r Recorded) moment() Moment {
	m := Moment{At: r.At}
	at := map[string]int{}
	for _, s := range r.Sources {
		src := store.Status{Name: s.Name, State: s.State}
		if s.At != nil {
			src.At = *s.At
		}
		if s.Error != nil && s.State != store.Unconfigured {
			src.Fail = &model.Fail{Class: model.Broken, Text: *s.Error}
		}
		if s.State != store.OK {
			src.Every = 1 // older than that is too old
		}
		at[s.Name] = len(m.Sources)
		m.Sources = append(m.Sources, src)
	}
	for _, f := range r.Metrics {
		i, ok := at[f.Source]
		if !ok {
			continue
		}
		src := &m.Sources[i]
		fact := f.fact()
		src.Facts = append(src.Facts, fact)
		if src.Fail != nil && strings.HasSuffix(fact.Name, ".down") {
			src.Told = append(src.Told, fact)
		}
	}
	return m
}

func (f recordedMetric) fact() model.Fact {
	out := model.Fact{Name: f.Name, Labels: f.Labels, Unit: f.Unit, Why: "not known then"}
	if f.Value != nil {
		out.Value, out.Known, out.Why = *f.Value, true, ""
	}
	if f.Count != nil {
		out.Count = *f.Count
	}
	return out
}

// Fired is one page that would have been sent.
type Fired struct {
	Rule     string
	About    string // the series, where there are several
	Severity alert.Severity
	At       time.Time
	Over     time.Time // zero when it was not over at the end
}

// Outcome is what one set of rules would have done.
type Outcome struct {
	Pages   []Fired                  // in order of time
	Unknown map[string]time.Duration // how long rules could not be judged, by their ids, of their worst series
}

// Of are the pages of one rule.
func (o Outcome) Of(rule string) []Fired {
	var out []Fired
	for _, f := range o.Pages {
		if f.Rule == rule {
			out = append(out, f)
		}
	}
	return out
}

// Report is what a replay found.
type Report struct {
	Target    string
	From, To  time.Time
	Documents int
	Longest   time.Duration // between two documents
	CutOff    bool          // the recording ends early; a document that is not whole is left out
	Outcomes  []Outcome     // of the sets, in their order
}

// Replay lets sets of rules look at a recording. The documents have to be of one
// target and in the order of time. Of a recording that was cut off it takes what
// is whole.
func Replay(recording io.Reader, sets ...alert.Set) (Report, error) {
	var out Report
	players := make([]*player, len(sets))
	for i, s := range sets {
		players[i] = newPlayer(s)
	}
	for dec := json.NewDecoder(recording); ; {
		var doc Recorded
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if errors.Is(err, io.ErrUnexpectedEOF) && out.Documents > 0 {
			out.CutOff = true
			break
		} else if err != nil {
			return out, fmt.Errorf("document %d: %w", out.Documents+1, err)
		}
		if err := out.take(doc); err != nil {
			return out, err
		}
		for _, p := range players {
			p.see(doc.moment())
		}
	}
	if out.Documents == 0 {
		return out, errors.New("there is no document in it")
	}
	for _, p := range players {
		out.Outcomes = append(out.Outcomes, p.Outcome)
	}
	return out, nil
}

// take checks a document and counts it.
func (r *Report) take(doc Recorded) error {
	n := r.Documents + 1
	switch {
	case doc.Version != RecordedVersion:
		return fmt.Errorf("document %d has version %d, this program replays version %d of `tocsin status -o json`", n, doc.Version, RecordedVersion)
	case doc.At.IsZero():
		return fmt.Errorf("document %d has no time", n)
	case n > 1 && doc.Target != r.Target:
		return fmt.Errorf("document %d is of %s, those before of %s", n, doc.Target, r.Target)
	case n > 1 && doc.At.Before(r.To):
		return fmt.Errorf("document %d is of %s, the one before of %s: they have to be in order", n, doc.At.Format(time.RFC3339), r.To.Format(time.RFC3339))
	case n > 1:
		r.Longest = max(r.Longest, doc.At.Sub(r.To))
	default:
		r.From = doc.At
	}
	r.Target, r.To, r.Documents = doc.Target, doc.At, n
	return nil
}

// player is one set of rules on its way through a recording.
type player struct {
	Outcome

	engine *alert.Engine
	pages  alert.Pages
	open   map[string]int // index into Pages by the key of the alert
	last   time.Time
}

func newPlayer(set alert.Set) *player {
	return &player{engine: alert.New(set), open: map[string]int{}, Outcome: Outcome{Unknown: map[string]time.Duration{}}}
}

func (p *player) see(m Moment) {
	alerts := step(p.engine, m)
	var news []alert.Page
	p.pages, news = p.pages.Next(m.At, alerts)
	for _, n := range news {
		key := n.Alert.Key()
		if i, ok := p.open[key]; ok && n.Kind == alert.Resolve {
			p.Pages[i].Over = m.At
			delete(p.open, key)
		}
		if n.Kind == alert.Trigger {
			p.open[key] = len(p.Pages)
			p.Pages = append(p.Pages, Fired{Rule: n.Alert.Rule, About: n.Alert.About(), Severity: n.Alert.Severity, At: m.At})
		}
	}
	p.unjudged(alerts, m.At)
}

// unjudged counts for each rule the time that passed while it was unknown.
func (p *player) unjudged(alerts []alert.Alert, now time.Time) {
	if p.last.IsZero() {
		p.last = now
	}
	var seen []string
	for _, a := range alerts {
		if a.State == alert.Unknown && !slices.Contains(seen, a.Rule) {
			seen = append(seen, a.Rule)
			p.Unknown[a.Rule] += now.Sub(p.last)
		}
	}
	p.last = now
}
