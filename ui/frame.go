// Package ui is the screen: pure frames made from one View each, thin adapters
// that put them into tview, keys and theme. It must not know how anything is
// read or done: it reads the store and asks actions.Runner.
package ui

import (
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/runbook"
	"tocsin/internal/store"
)

// Role is what a piece of text means. The theme turns it into colour; a mark or
// a word carries the same meaning for eyes and terminals without colour.
type Role uint8

// The roles.
const (
	Plain   Role = iota
	Muted        // what may be overlooked: units, ages, labels
	Strong       // the value of a line
	Title        // panel titles, table heads
	Good         // only where good is news: helped, live
	Warn         // a warning
	Bad          // critical
	Unknown      // not known: never looks like good
)

// Span is a piece of text with one meaning. Text is raw: it is made harmless
// where it is drawn, and only then cut and padded to Width, so that columns
// stay in place whatever the text holds.
type Span struct {
	Text  string
	Role  Role
	Width int  // cells it takes on the screen, cut or padded; 0 takes what the text takes
	Right bool // padded on the left
}

// Line is one line of a panel.
type Line []Span

// Cell is one field of a table. Num orders it where HasNum is set; else its text does.
type Cell struct {
	Text   string
	Role   Role
	Num    float64
	HasNum bool
}

// Row is one line of a table. Key identifies it across refreshes, so that the
// selection follows the thing and not the line number.
type Row struct {
	Key   string
	Cells []Cell
	// Args are what actions can take from the row: {"pid": …, "backend_start": …}.
	Args map[string]string
}

// Column is one column of a table.
type Column struct {
	Name  string // of the sort and of the filter: "tx"
	Title string
	Over  string // the head shows it in place of the title; "" for the title
	Width int    // cells; 0 takes what is left
	Least int    // of a column without Width: others are dropped for it to have so many cells; 0 for a few
	Right bool   // aligned to the right
	Drop  int    // when it is too narrow, columns with the highest Drop go first; 0 never goes
}

// Table is rows under columns. Sort names the column it is in order of; a table
// with a Sort of "" has an order of its own (a tree) until the user sorts it.
type Table struct {
	Columns []Column
	Rows    []Row
	Sort    string
	Desc    bool
	Empty   string // said in place of rows
	Begin   string // Row.Key on which the cursor stands until the user moves it; "" for the first
}

// Frame is what a view shows: lines on top, then the table, then lines below.
type Frame struct {
	Head  []Line
	Table *Table
	Foot  []Line
}

// In is all that a frame is made of: same In, same frame.
type In struct {
	View     store.View
	Alerts   []alert.Alert
	Suspect  alert.Suspect
	Past     []Event        // what is over, in no order
	Duty     Duty           // the incident that is open, and its runbook
	Contacts []Contact      // whom to call
	Books    []runbook.Book // those that can be followed; nil until they are read
	Timed    []Timed        // changes that are taken back by themselves, the first that is due first
	Width    int            // cells inside the border
	Height   int
	Local    bool      // times in local time instead of UTC
	ASCII    bool      // no glyphs beyond ASCII
	Since    time.Time // when the dashboard was started
	Mode     Mode
	Verbs    map[string]string // what the key of an action does, by its id: "end it"
	Keys     map[string]string // the key of a command as it is bound here, by its id; "" for none
	Counted  Counted           // the statements since the mark, or since the first reading
}

// Event is something that happened and is over: a trouble that ended, an
// action that was carried out.
type Event struct {
	At   time.Time
	Text string
	Role Role
	Mark string // short name of an action, under charts; "" draws none
}

// Mode is how the session stands: what the header says beside the facts.
type Mode struct {
	Server   string        // the configured target: prod
	ReadOnly bool          // nothing can be changed, also not after arming (--readonly)
	Armed    time.Duration // left until it disarms; 0 while it is not armed
	Frozen   bool          // the view is held; what is shown is as of its instant
	Running  string        // the action under way; "" for none
	Aim      Aim
}

// Aim is what the keys that the verdict shows do on the page that is looked at.
type Aim struct {
	Evidence  string // the key that opens the evidence; "" where none does
	Elsewhere bool   // the action's key takes the selected row, and that is another than the verdict names
}

// Tab is one face of a view.
type Tab struct {
	Name  string
	Frame func(In) Frame
	// Detail is what Enter shows for a row; nil where there is none.
	Detail func(in In, key string) []Line
}

// Page is one view on a digit key.
type Page struct {
	Key  rune
	Name string // in the footer and the palette: sessions
	Tabs []Tab
}

// Panel is one box of the overview: Lines, the most telling first, for
// In.Width cells inside its border. Level puts it in order of urgency on a
// small screen, where Short, for In.Width cells as well and with its mark and
// name in front, stands for all of it.
type Panel struct {
	ID    string // fixed: services, requests, alerts, sessions, statements, changes, host, cache, deployments, tables
	Title string
	Lines []Line // none: there is nothing to say
	Short Line   // empty: what it has to say stands elsewhere on a small screen
	Level int    // 0 calm, 1 unknown, 2 warning, 3 critical
	Void  bool   // nothing was read: at Level 0 neither fine nor in trouble
}
