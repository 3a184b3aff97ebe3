package runbook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Course is how far a step is.
type Course string

// The courses. The last four are final.
const (
	CourseOff        Course = "off"      // its condition does not hold: it is not needed now
	CourseTodo       Course = "to do"    // its phase has not come
	CourseReady      Course = "ready"    // it can be done
	CourseWatching   Course = "watching" // its check is looked at, and does not pass
	CourseStarted    Course = "started"  // its action was ordered, or its effect is being watched
	CourseDone       Course = "done"
	CourseSkipped    Course = "skipped"
	CourseFailed     Course = "failed"
	CourseOverridden Course = "overridden"
)

// Over tells whether nothing more is expected of the step.
func (c Course) Over() bool {
	return slices.Contains([]Course{CourseDone, CourseSkipped, CourseFailed, CourseOverridden}, c)
}

// Word is what the record of the incident says of a step.
type Word struct {
	Course  Course
	At      time.Time
	Reading string
	Reason  string // of a person
}

// Run is an action that was run since the book was opened.
type Run struct {
	Action string
	Args   actions.Args
	At     time.Time // when it ended
	OK     bool
	Text   string // how it ended, in words
}

// Situation is what a book is played in.
type Situation struct {
	View     store.View
	Suspect  alert.Suspect
	Began    time.Time         // the start of the first phase
	Facts    map[string]string // what was asked, and parameters
	Words    map[string]Word   // the newest word on each step, by its name
	Runs     []Run             // in order of time
	Evidence bool              // some was kept
}

// Standing is how one step stands.
type Standing struct {
	Step     Step
	Phase    string
	Course   Course
	Next     bool      // the step that wants something first: the one the verdict is about, else the first that can be done
	Reading  string    // what its check, condition or verification saw; of a step that is over, what it saw then
	Holds    Truth     // whether its check passes now, also where it is over
	Now      Reading   // what that sees
	Due      time.Time // until when it should be over; zero for no target
	Late     bool      // it was not, or is not
	Args     actions.Args
	Missing  []string // names behind $ that nothing gives yet
	Proposed string   // what the verdict would answer to the step's question; "" for nothing
	Gates    []Gate   // what has to be there before its action runs, and is not
	Ticks    Course   // the final course that it reaches by itself now; "" for none
}

// verifyWithin is how long after an action its verification has time to pass.
const verifyWithin = 5 * time.Minute

// Play tells how every step of a book stands. It is a function of the
// situation: nothing is run, and nothing is remembered.
func (b Book) Play(s Situation) []Standing {
	facts := s.facts()
	used := map[string]int{} // runs that a step has taken, by action
	var out []Standing
	for i, phase := range b.Phases {
		over := !slices.ContainsFunc(out, func(before Standing) bool { return !before.Course.Over() && before.Course != CourseOff })
		begun := i == 0 || over || !s.View.Now().Before(s.Began.Add(phase.From))
		for _, step := range phase.Steps {
			out = append(out, s.stand(step, phase, facts, begun, used))
		}
	}
	if i := next(out, s.Suspect); i >= 0 {
		out[i].Next = true
	}
	return out
}

// next is the step that wants something first; -1 when all are over. What is
// only watched wants nothing of anybody while something else does.
func next(all []Standing, suspect alert.Suspect) int {
	for _, wanted := range []func(Standing) bool{
		func(s Standing) bool { return s.Course == CourseReady && s.does(suspect) },
		func(s Standing) bool { return s.Course == CourseReady || s.Course == CourseStarted },
		func(s Standing) bool { return s.Course == CourseWatching },
	} {
		if i := slices.IndexFunc(all, wanted); i >= 0 {
			return i
		}
	}
	return -1
}

// does tells whether the step runs what the verdict offers.
func (s Standing) does(suspect alert.Suspect) bool {
	b := s.Step.Block
	return b.Action != "" && b.Action == suspect.Action && len(s.Missing) == 0 && agree(s.Args, suspect.Args)
}

// agree tells whether two sets of arguments do not contradict each other.
func agree(a, b map[string]string) bool {
	for name, value := range a {
		if other, ok := b[name]; ok && other != value {
			return false
		}
	}
	return true
}

func (s Situation) stand(step Step, phase Phase, facts map[string]string, begun bool, used map[string]int) Standing {
	out := Standing{Step: step, Phase: phase.Title, Course: CourseTodo, Due: s.due(step, phase, facts)}
	b := step.Block
	if b.Action != "" {
		out.Args, out.Missing = resolve(b.With, facts)
		out.Gates = s.unmet(b.Needs)
	}
	if !b.Check.Absent() {
		out.Holds, out.Now = b.Check.Holds(s.View, nil)
	}
	word, told := s.Words[step.Name()]
	if told && word.Course.Over() {
		out.Course, out.Reading = word.Course, cmp.Or(word.Reason, word.Reading)
		out.Late = !out.Due.IsZero() && word.At.After(out.Due)
		return out
	}
	out.Late = !out.Due.IsZero() && s.View.Now().After(out.Due)
	if begun || out.does(s.Suspect) {
		out.Course = CourseReady
	}
	if b.Ask != nil {
		out.Proposed = facts[proposals()[b.Ask.Type]]
	}
	if !b.When.Absent() {
		applies, reading := b.When.Applies(s.View)
		if applies == Fail && word.Course != CourseStarted {
			out.Course, out.Reading, out.Late = CourseOff, reading.String(), false
			return out
		}
	}
	switch {
	case !b.Check.Absent():
		out.Reading = out.Now.String()
		switch {
		case out.Holds == Pass && (begun || b.Check.measures()):
			out.Ticks = CourseDone
		case begun:
			out.Course = CourseWatching
		}
	case b.Action != "":
		s.follow(&out, word, used)
	}
	return out
}

// follow is a step whose action may have been run.
func (s Situation) follow(out *Standing, word Word, used map[string]int) {
	b := out.Step.Block
	run, ok := s.nextRun(b.Action, out.Args, word, used)
	switch {
	case !ok && word.Course == CourseStarted:
		out.Course, out.Reading = CourseStarted, "ordered; not run yet"
		if s.View.Now().Sub(word.At) > verifyWithin {
			out.Course = CourseReady // its card was left
		}
		return
	case !ok:
		return
	case !run.OK:
		out.Course, out.Reading, out.Ticks = CourseStarted, run.Text, CourseFailed
		return
	}
	out.Course, out.Reading = CourseStarted, run.Text
	if b.Verify.Absent() {
		out.Ticks = CourseDone
		return
	}
	holds, reading := b.Verify.Holds(s.View, out.Args)
	out.Reading = reading.String()
	switch {
	case holds == Pass:
		out.Ticks = CourseDone
	case s.View.Now().Sub(run.At) > verifyWithin:
		out.Ticks = CourseFailed
	}
}

// nextRun is the first run of an action that no earlier step has taken, and
// that was not before the step was begun. One that nobody ordered from the step
// counts where its arguments are the step's.
func (s Situation) nextRun(action string, args actions.Args, word Word, used map[string]int) (Run, bool) {
	n := 0
	for _, run := range s.Runs {
		if run.Action != action {
			continue
		}
		if n++; n <= used[action] || run.At.Before(word.At) || word.Course != CourseStarted && !agree(args, run.Args) {
			continue
		}
		used[action] = n
		return run, true
	}
	return Run{}, false
}

// proposals are the facts of the verdict that answer a question of a type.
func proposals() map[string]string {
	return map[string]string{
		string(actions.TypeTable): "suspect.table", string(actions.TypePrefix): "suspect.prefix", string(actions.TypeDeployment): "suspect.deployment",
	}
}

// due is until when a step should be over: its own target, or that of its
// phase. A clock that counts from a fact is not known before the fact is.
func (s Situation) due(step Step, phase Phase, facts map[string]string) time.Time {
	within, from, own := phase.Clock(step)
	switch {
	case from != "":
		at, err := time.Parse(time.RFC3339, facts[from])
		if err != nil {
			return time.Time{}
		}
		return at.Add(within)
	case own:
		return s.Began.Add(within)
	case phase.To > 0:
		return s.Began.Add(phase.To)
	}
	return time.Time{}
}

// Clock is how long a step of the phase may take that has a clock of its own:
// since the beginning of the incident, or where from is not "", since that fact.
func (p Phase) Clock(step Step) (within time.Duration, from string, own bool) {
	if step.Block.From != "" {
		return step.Block.Within, step.Block.From, true
	}
	return p.From + step.Block.Within, "", step.Block.Within > 0
}

// unmet are the gates of a step that nothing has opened. That of an incident is
// open: a book is played in one.
func (s Situation) unmet(gates []Gate) []Gate {
	return slices.DeleteFunc(slices.Clone(gates), func(g Gate) bool {
		return g == NeedIncident || g == NeedEvidence && s.Evidence
	})
}

// facts is everything that may stand behind $: what was asked and what the
// readings tell now.
func (s Situation) facts() map[string]string {
	out := map[string]string{}
	for name, value := range s.Suspect.Args {
		out["suspect."+name] = value
	}
	if root := s.root(); root != nil {
		for name, value := range root.Args() {
			out["blocker."+name] = value
		}
	}
	maps.Copy(out, s.Facts)
	return out
}

// resolve puts facts into the arguments of an action.
func resolve(with actions.Args, facts map[string]string) (args actions.Args, missing []string) {
	args = actions.Args{}
	for name, value := range with {
		fact, named := strings.CutPrefix(value, "$")
		if !named {
			args[name] = value
			continue
		}
		known, ok := facts[fact]
		if !ok {
			missing = append(missing, "$"+fact)
			continue
		}
		args[name] = known
	}
	slices.Sort(missing)
	return args, missing
}

// root is the session that most others wait for, by a reading that is not old;
// nil when there is none.
func (s Situation) root() *model.Session {
	key := store.ActivityKey()
	sample, ok := store.Get(s.View, key)
	fresh := slices.ContainsFunc(s.View.Sources(), func(src store.Status) bool { return src.Name == key.Name && src.State == store.OK })
	if !ok || !fresh {
		return nil
	}
	if roots := sample.Value.LockTree(); len(roots) > 0 {
		return roots[0].Session
	}
	return nil
}

// Says is a standing in words: what to do, or how it went. What a check saw is
// told as it is now, for as long as that is known. What was said before, such as
// in the month before, stands beside it.
func (s Standing) Says(before string) string {
	b := s.Step.Block
	switch {
	case s.Course == CourseDone && s.Holds == Pass:
		return s.Now.Brief(before)
	case s.Undone():
		return "no longer: " + s.Now.Brief(before)
	case s.Course == CourseDone && b.Ask != nil:
		return strings.TrimPrefix(s.Reading, b.Ask.Fact+" = ") + beside(before)
	case s.Course.Over(), s.Course == CourseOff, s.Course == CourseStarted:
		return s.Reading
	case len(s.Missing) > 0:
		return "needs " + strings.Join(s.Missing, ", ")
	case len(s.Gates) > 0:
		return fmt.Sprintf("needs %v first", s.Gates[0])
	case b.Action != "":
		return strings.TrimSpace(b.Action + " " + words(s.Args))
	case b.Check.measures():
		return s.Now.Brief(before)
	case !b.Check.Absent():
		return s.Now.Brief(before) + "; wants " + b.Check.Text
	case b.Ask != nil:
		return b.Ask.Prompt + beside(before)
	case b.Later != "":
		return "by hand: " + b.Later + " is not there yet"
	}
	return "by hand"
}

// Undone tells whether the check of a step that is done does not pass any more.
func (s Standing) Undone() bool { return s.Course == CourseDone && s.Holds == Fail }

// words are arguments as people read them.
func words(args actions.Args) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if _, err := time.Parse(time.RFC3339Nano, args[name]); err != nil { // an instant only makes the target certain
			out = append(out, name+"="+args[name])
		}
	}
	return strings.Join(out, " ")
}
