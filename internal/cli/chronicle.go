package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/incident"
	"tocsin/internal/runbook"
	"tocsin/internal/store"
	"tocsin/ui"
)

// chronicle follows the incident that is open on the target, whoever opened it,
// and fills its timeline: with alerts as they turn, and with what anybody did.
// It is written by the watch alone.
type chronicle struct {
	p         *program
	incidents incident.Folder
	leads     func(now time.Time) bool
	met       map[string]bool   // alerts that were known at least once, by their keys
	others    map[string]others // incidents that are not open here, by name
	size      int64             // of the timeline when it was last read
	told      string            // the newest error, told once
	knows     string            // the incident that was told what was done in it before
	trouble   string            // why the timeline could not be written; "" when it was
	past      []incident.State  // those of the target that are closed, the newest first
	ledger    []incident.Helped // of past
	book      *runbook.Book     // as it was pinned; nil while none is followed
	now       atomic.Pointer[incident.State]
	shown     atomic.Pointer[ui.Duty]
}

// others is an incident that is not open here, as it was when its timeline had
// that size.
type others struct {
	size  int64
	state incident.State
}

func newChronicle(p *program) *chronicle {
	own := p.incidents
	own.Who, own.Via = ourName, ""
	c := &chronicle{p: p, incidents: own, leads: p.lead.is, met: map[string]bool{}, others: map[string]others{}}
	c.shown.Store(&ui.Duty{})
	return c
}

// ourName signs what nobody wrote by hand.
const ourName = "tocsin"

// duty is what the screen shows of all this.
func (c *chronicle) duty() ui.Duty { return *c.shown.Load() }

// open is the incident that is open; nil when there is none.
func (c *chronicle) open() *incident.State { return c.now.Load() }

// read takes in what this session and others have written.
func (c *chronicle) read() {
	if s := c.open(); s != nil && c.incidents.Size(s.ID) == c.size {
		return
	}
	found, size, err := c.find()
	c.tell(err)
	c.now.Store(found)
	if found == nil {
		c.book, c.knows = nil, ""
		return
	}
	c.size = size
	c.pin(found)
}

// pin reads the runbook as it was when it was pinned.
func (c *chronicle) pin(s *incident.State) {
	if s.Book == nil {
		c.book = nil
		return
	}
	if c.book != nil && c.book.Sum == s.Book.Sum {
		return
	}
	text, err := os.ReadFile(filepath.Join(c.incidents.In(s.ID), filepath.Base(s.Book.File)))
	if err == nil {
		var book runbook.Book
		book, err = runbook.Parse(s.Book.Runbook+".md", text)
		c.book = &book
	}
	if err != nil {
		c.book = nil
	}
	c.tell(err)
}

// find reads the newest incident of the target that is not closed, and those
// that are. Only those that have changed are read. The size is that of the open
// one's timeline before it was read: what is written meanwhile is seen as news.
func (c *chronicle) find() (open *incident.State, openSize int64, err error) {
	ids, err := c.incidents.IDs()
	if err != nil {
		return nil, 0, err
	}
	var failed []error
	news := false
	for _, id := range ids[:min(len(ids), incidentsRead)] {
		size := c.incidents.Size(id)
		if known, ok := c.others[id]; ok && known.size == size {
			continue
		}
		s, err := c.incidents.Get(id)
		switch {
		case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist): // restricted, and another's; or never opened
		case err != nil:
			failed = append(failed, err)
		case open == nil && s.Live() && s.Opening.Target == c.p.target.Name:
			open, openSize = &s, size
			delete(c.others, id)
			continue
		}
		c.others[id] = others{size, s}
		news = true
	}
	if news {
		c.remember()
	}
	return open, openSize, errors.Join(failed...)
}

// step takes in one step of the rules: it writes what is new in the timeline,
// and tells how the runbook stands.
func (c *chronicle) step(v store.View, alerts []alert.Alert, suspect alert.Suspect) {
	alerts = c.news(alerts)
	if c.open() != nil && c.leads(v.Now()) {
		c.see(alerts)
	}
	d := ui.Duty{Incident: c.open(), Book: c.book, Past: c.past, Ledger: c.ledger, Trouble: c.trouble}
	if d.Incident != nil && d.Book != nil {
		d.Steps = d.Book.Play(situationOf(*d.Incident, *d.Book, v, suspect))
		c.tick(v, d)
	}
	c.shown.Store(&d)
}

const (
	// incidentsRead is how many of the newest incidents are looked at: the one
	// that is open is among them.
	incidentsRead = 200
	// incidentsKept is how many closed ones are shown at least.
	incidentsKept = 50
)

// remember lists the incidents of this target that are closed, once more are known.
func (c *chronicle) remember() {
	c.past = nil
	for _, one := range c.others {
		if one.state.Opening.Target == c.p.target.Name && !one.state.Live() {
			c.past = append(c.past, one.state)
		}
	}
	slices.SortFunc(c.past, func(a, b incident.State) int { return cmp.Compare(b.ID, a.ID) })
	c.past = newest(c.past)
	shown := map[string]bool{}
	for _, s := range c.past {
		shown[s.ID] = true
	}
	for id, one := range c.others {
		if !shown[id] {
			c.others[id] = others{size: one.size} // what is in it is shown nowhere
		}
	}
	c.ledger = incident.Ledger(c.past)
}

// newest are the incidents that are shown, of those that are closed, the newest
// first: so many, and of those that are read the newest that followed each book,
// so that what a review said last month stays.
func newest(closed []incident.State) []incident.State {
	var out []incident.State
	followed := map[string]bool{}
	for i, s := range closed {
		first := s.Book != nil && !followed[s.Book.Runbook]
		if first {
			followed[s.Book.Runbook] = true
		}
		if first || i < incidentsKept {
			out = append(out, s)
		}
	}
	return out
}

// situationOf is what the book is played in.
func situationOf(s incident.State, book runbook.Book, v store.View, suspect alert.Suspect) runbook.Situation {
	out := runbook.Situation{View: v, Suspect: suspect, Began: s.At, Facts: s.Facts, Words: map[string]runbook.Word{}, Evidence: len(s.Evidence) > 0}
	for _, step := range book.Steps() {
		if word, ok := s.Step(book.ID, step.Name()); ok {
			out.Words[step.Name()] = runbook.Word{Course: courseOf(word.Is.Ended), At: word.At, Reading: word.Is.Reading, Reason: word.Is.Reason}
		}
	}
	for _, a := range s.Actions {
		if a.Is.Outcome == string(actions.Refused) {
			continue // nothing was tried
		}
		run := runbook.Run{Action: a.Is.Action, Args: a.Is.Args, At: a.Is.At, OK: a.Is.Outcome == string(actions.Done), Text: a.Is.Outcome}
		if a.Is.Outcome == string(actions.LeftOpen) {
			run.At = a.At // when that was found out: its end is not known
		}
		if a.Is.Detail != "" {
			run.Text += ": " + a.Is.Detail
		}
		out.Runs = append(out.Runs, run)
	}
	return out
}

// courseOf is the course of a step by the kind of its event.
func courseOf(k incident.Kind) runbook.Course {
	return runbook.Course(strings.TrimPrefix(string(k), "step."))
}

// tick writes the steps that have come to their end by themselves.
func (c *chronicle) tick(v store.View, d ui.Duty) {
	_ = c.extend(func(s incident.State) []incident.Data { // the next step tries again
		var out []incident.Data
		for _, step := range d.Steps {
			word, told := s.Step(d.Book.ID, step.Step.Name())
			over := told && courseOf(word.Is.Ended).Over()
			if step.Ticks == "" || over || s.Book == nil || s.Book.Sum != d.Book.Sum {
				continue
			}
			out = append(out, incident.StepEvent{
				Ended: incident.Kind("step." + string(step.Ticks)), Runbook: d.Book.ID, Step: step.Step.Name(),
				TookS: s.Seconds(v.Now()), Late: step.Late, Reading: step.Reading,
			})
		}
		return out
	})
}

// acted writes what was done on the target since the incident began, and what it
// did, from the audit: so also what others did, and what was left when
// a process was killed.
func (c *chronicle) acted(calls []audit.Call) error {
	err := c.extend(func(s incident.State) []incident.Data { return doneIn(s, calls) })
	if s := c.open(); s != nil && err == nil {
		c.knows = s.ID
	}
	return err
}

// behind tells whether the incident that is open was not told yet what was done
// before.
func (c *chronicle) behind() bool {
	s := c.open()
	return s != nil && s.ID != c.knows
}

// caughtUp writes what was done during an incident and is not in its timeline:
// no dashboard may have been there.
func caughtUp(f incident.Folder, s incident.State) (incident.State, error) {
	entries, err := audit.List(filepath.Dir(f.Dir)) // beside the incidents
	if err != nil {
		return s, err
	}
	calls := audit.Calls(entries)
	if _, err := f.Extend(s.ID, func(s incident.State) []incident.Data { return doneIn(s, calls) }); err != nil {
		return s, err
	}
	return f.Get(s.ID)
}

// doneIn is what the timeline of an incident lacks of these calls.
func doneIn(s incident.State, calls []audit.Call) []incident.Data {
	known := map[string]string{} // outcomes
	for _, a := range s.Actions {
		known[a.Is.ID] = a.Is.Outcome
	}
	var out []incident.Data
	for _, c := range calls {
		ran := ranOf(c)
		if c.First().Target != s.Opening.Target || !s.Spans(ran.At) {
			continue
		}
		if outcome, told := known[ran.ID]; ran.Outcome != "" && (!told || outcome != ran.Outcome) {
			out = append(out, ran)
		}
		if _, told := s.Effects[ran.ID]; c.Effect != nil && !told {
			e := *c.Effect
			out = append(out, incident.EffectSeen{ID: e.ID, At: e.At.UTC(), Action: cmp.Or(e.Action, ran.Action), Verdict: e.Verdict, Text: changesOf(e), Changes: e.Effects})
		}
	}
	return out
}

// ranOf is what became of a call. Its outcome is "" while it is under way, and
// where it was not sent; unknown where the process that ran it is gone.
func ranOf(c audit.Call) incident.ActionRun {
	e, begin := c.First(), c.Intent
	out := incident.ActionRun{ID: e.ID, At: e.At.UTC(), Action: e.Action, Target: wordsOf(begin.Params), Args: argsOf(begin.Params), Reason: begin.Reason}
	if begin.Who != nil {
		out.By = begin.Who.User
	}
	switch end := c.Result; {
	case end != nil && end.Outcome != string(actions.Cancelled):
		out.At, out.Outcome, out.Detail = end.At.UTC(), end.Outcome, end.Detail
		if end.TookMS != nil {
			out.TookMS = *end.TookMS
		}
	case end == nil && begin.Phase == audit.Intent && !c.Alive():
		out.Outcome, out.Detail = string(actions.LeftOpen), "ended without a result: see whether it was done"
	}
	return out
}

// argsOf are the arguments of a call as it took them.
func argsOf(params map[string]any) map[string]string {
	out := map[string]string{}
	for name, value := range params {
		out[name] = fmt.Sprint(value)
	}
	return out
}

// wordsOf are arguments in words: "table=public.orders".
func wordsOf(params map[string]any) string {
	var out []string
	for name, value := range params {
		out = append(out, fmt.Sprintf("%s=%v", name, value))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// changesOf is what an action did to the numbers that it is judged by.
func changesOf(e audit.Entry) string {
	var out []string
	for _, change := range e.Effects {
		before, after := "?", "?"
		if change.Before != nil {
			before = alert.Number(*change.Before, change.Unit)
		}
		if change.After != nil {
			after = alert.Number(*change.After, change.Unit)
		}
		out = append(out, fmt.Sprintf("%s %s to %s", change.Metric, before, after))
	}
	return strings.Join(out, ", ")
}

// extend writes what is missing in the timeline of the open incident. Most of
// the time nothing is: then nothing is locked.
func (c *chronicle) extend(missing func(incident.State) []incident.Data) error {
	s := c.open()
	if s == nil || len(missing(*s)) == 0 {
		return nil
	}
	_, err := c.incidents.Extend(s.ID, missing)
	if errors.Is(err, incident.ErrClosed) {
		err = nil // by another session: the next look finds it so
	}
	c.trouble = ""
	if err != nil {
		c.trouble = err.Error()
	}
	c.tell(err)
	c.read()
	return err
}

func (c *chronicle) tell(err error) {
	if err != nil && err.Error() != c.told {
		c.told = err.Error()
		slog.Warn("the record of the incident", "error", err)
	}
}
