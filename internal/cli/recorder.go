package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"tocsin/internal/incident"
	"tocsin/internal/runbook"
	"tocsin/ui"
)

// recorder writes for the screen into the record of incidents. What it writes
// shows at once.
type recorder struct{ w *watch }

// showsWithin is how long is waited for what was written to show: the watch may
// be ending.
const showsWithin = 2 * time.Second

// wrote waits until what was written shows, so that what is typed next meets it.
func (r recorder) wrote() {
	t := time.NewTimer(showsWithin)
	defer t.Stop()
	shown := make(chan struct{})
	select {
	case r.w.written <- shown:
		<-shown
	case <-t.C:
	}
}

// current is the incident that is open, by the disk: another session may have
// opened or closed one meanwhile.
func (r recorder) current() (incident.State, error) {
	return r.w.p.incidents.Current(r.w.p.target.Name)
}

// Open implements ui.Recorder.
func (r recorder) Open(o incident.Opened, book string) error {
	defer r.wrote()
	if book == "" {
		_, err := r.w.p.incidents.Open(o)
		return err
	}
	follows, missing := r.book(book) // it is opened all the same
	o.Title = cmp.Or(o.Title, follows.Title, book)
	id, err := r.w.p.incidents.Open(o)
	if err != nil || missing != nil {
		return cmp.Or(err, missing)
	}
	return pinBook(r.w.p.incidents, id, follows)
}

// book is a runbook by its name, once they are read.
func (r recorder) book(id string) (runbook.Book, error) {
	books := r.w.p.shelf.wait()
	i := slices.IndexFunc(books, func(b runbook.Book) bool { return b.ID == id })
	if i < 0 {
		return runbook.Book{}, fmt.Errorf("there is no runbook %s", id)
	}
	return books[i], nil
}

// Follow implements ui.Recorder.
func (r recorder) Follow(id string) error {
	b, err := r.book(id)
	if err != nil {
		return err
	}
	s, err := r.current()
	if err != nil {
		return err
	}
	defer r.wrote()
	return pinBook(r.w.p.incidents, s.ID, b)
}

// pinBook keeps a book as it is now beside the timeline, and follows that.
func pinBook(f incident.Folder, id string, b runbook.Book) error {
	name := fmt.Sprintf("runbook.%.8s.md", b.Sum)
	if err := f.Keep(id, name, []byte(b.Text)); err != nil {
		return err
	}
	pin := incident.Pinned{Runbook: b.ID, Sum: b.Sum, File: name}
	for _, phase := range b.Phases {
		for _, step := range phase.Steps {
			block := step.Block
			if block.Action != "" && !slices.Contains(pin.Actions, block.Action) {
				pin.Actions = append(pin.Actions, block.Action)
			}
			pinned := incident.PinnedStep{Step: step.Name(), When: !block.When.Absent(), Watched: !block.Check.Absent()}
			if pinned.Within, pinned.From, pinned.Own = phase.Clock(step); !pinned.Own {
				pinned.Within = phase.To
			}
			pin.Steps = append(pin.Steps, pinned)
		}
	}
	_, err := f.Append(id, pin)
	return err
}

// Write implements ui.Recorder.
func (r recorder) Write(id string, data ...incident.Data) (note string, err error) {
	defer r.wrote()
	_, err = r.w.p.incidents.Extend(id, func(incident.State) []incident.Data { return data })
	if err != nil || !closes(data) {
		return "", err
	}
	path, err := r.postmortem(id)
	return "closed; its postmortem: " + path, err
}

// Evidence implements ui.Recorder.
func (r recorder) Evidence(id, name, what, text string) (said string, err error) {
	if redact := r.w.p.incidents.Redact; redact != nil {
		text = redact(text)
	}
	defer r.wrote()
	e, err := r.w.p.incidents.KeepEvidence(id, name, what, []byte(text))
	return e.Says(), err
}

// EvidenceFile implements ui.Recorder.
func (r recorder) EvidenceFile(id, path, what string) (said string, err error) {
	text, err := readEvidence(path)
	if err != nil {
		return "", err
	}
	defer r.wrote()
	e, err := r.w.p.incidents.KeepEvidence(id, filepath.Base(path), what, text)
	return e.Says(), err
}

// Settle implements ui.Recorder.
func (r recorder) Settle(id string, f incident.FollowUp) error {
	defer r.wrote()
	_, err := r.w.p.incidents.Append(id, f)
	return err
}

func (r recorder) postmortem(id string) (path string, err error) {
	s, err := r.w.p.incidents.Get(id)
	if err != nil {
		return "", err
	}
	return writePostmortem(r.w.p.incidents, s)
}

// closes tells whether an incident ends by what is written: then its postmortem
// is made.
func closes(data []incident.Data) bool {
	return slices.ContainsFunc(data, func(d incident.Data) bool {
		s, ok := d.(incident.StatusSet)
		return ok && s.Status == incident.StatusClosed
	})
}

// Postmortem implements ui.Recorder.
func (r recorder) Postmortem() (path string, err error) {
	s, err := r.current()
	if err != nil {
		return "", err
	}
	return r.postmortem(s.ID)
}

// contacts are those whom the configuration lists.
func (p *program) contacts() []ui.Contact {
	var out []ui.Contact
	for _, c := range p.target.Contacts {
		out = append(out, ui.Contact(c))
	}
	return out
}
