// Package actions is what the operator can do: one file per action family, and
// the Runner, the only road to a change. It must not know the screen.
package actions

import (
	"cmp"
	"context"
	"time"

	"tocsin/internal/model"
)

// Danger orders actions by what a slip costs, and decides how they are confirmed.
type Danger int

// The classes of danger.
const (
	Read        Danger = iota // changes nothing: no confirmation
	Reversible                // y
	Disruptive                // y after a hold-off that swallows typed-ahead keys
	Destructive               // the target's name is typed
)

// String is the word shown on the card and written to the audit.
func (d Danger) String() string {
	return [...]string{"read", "reversible", "disruptive", "destructive"}[d]
}

// Type says what a parameter is, so that it can be checked, completed and
// filled from the selection.
type Type string

// The types of parameters.
const (
	TypeString     Type = "string"
	TypeTable      Type = "pg.table"     // schema.name
	TypeIndex      Type = "pg.index"     // schema.name
	TypeColumns    Type = "pg.columns"   // names as the catalogue has them, with commas between
	TypePID        Type = "pg.pid"       // decimal
	TypeSessions   Type = "pg.sessions"  // pid@start of each, the start as of TypeTime, with commas between
	TypeState      Type = "pg.state"     // active, idle or "idle in transaction"
	TypeTime       Type = "time"         // RFC 3339, UTC, nanoseconds kept
	TypeDeployment Type = "deploy.id"    // the provider's id
	TypePrefix     Type = "cache.prefix" // "page:"
	TypeAlert      Type = "alert"        // its key: db.dead_tuples.pct{table=public.orders}
	TypeSpan       Type = "span"         // 90m, 24h at most
	TypeQueryID    Type = "pg.queryid"   // decimal, may be negative
	TypeOID        Type = "pg.oid"       // decimal
	TypeCount      Type = "count"        // a whole number above zero
	TypeIP         Type = "ip"           // one IPv4 address
	TypeNetwork    Type = "net.prefix"   // an address, or a prefix: 203.0.113.0/24
	TypeSwitch     Type = "on/off"
	TypeTag        Type = "cdn.tag"      // as the application sets it; from a slash on, the path of a page or an image
	TypeIssue      Type = "sentry.issue" // its id: digits
)

// Param is one argument of an action.
type Param struct {
	Name     string
	Type     Type
	Help     string
	Optional bool
	// Ask lets a form ask for an optional one too. Enter alone leaves it out.
	Ask bool
	// Only are the other arguments with which it says anything, as {"mode": "on"};
	// nil for any.
	Only Args
}

// Applies tells whether the parameter says anything beside these arguments.
func (p Param) Applies(args Args) bool {
	for name, value := range p.Only {
		if args[name] != value {
			return false
		}
	}
	return true
}

// Args are the arguments of one call by parameter name.
type Args map[string]string

// Direction says which way a number goes when an action helps.
type Direction int

// The directions.
const (
	Lower Direction = iota
	Higher
)

// Measure is a number by which an action is judged. The first one of a plan
// that is known decides, the others are told.
type Measure struct {
	Name   string // short, for the operator: waiting; "" is the metric
	Metric string
	Labels model.Labels
	Better Direction
	Within time.Duration // how long its effect may take to show
}

// Note is one labelled line of a card: "will not", "stop it from happening again".
type Note struct {
	Label string
	Text  string
}

// Plan is what an action would do to one target. Making it changes nothing.
type Plan struct {
	ID        string         // of the call in the audit; set by the Runner before Run
	Target    string         // what the card names and what a destructive action wants typed: shop.orders, 4711
	Name      string         // of the change for people, where Target says too little: "v4 → v3"; "" is Target
	Args      Args           // complete: identity that was looked up (backend_start, …) is filled in
	Danger    Danger         // may be above the action's own, never below
	Steps     []string       // exactly what will run
	Notes     []Note         // frees, locks, breaks, undoes, will not: most important first
	Reason    string         // why the operator must give a reason; "" where it may be left out
	Refuse    string         // predicted harm or a missing right: why it will not run; "" when it may
	Moot      bool           // refused because it is so already: there is nothing to do
	Only      string         // the part of the target that is meant, such as the id of the call that made it; "" is all of it
	Expires   *Expiry        // what takes it back by itself; nil where that is nobody's business, or the provider's
	Measures  []Measure      // nil: those of the action
	Undo      Args           // what the action's Undo needs to take this back; nil where there is no such thing
	Preflight map[string]any // what was found while planning, for the audit; no secrets, no literals
}

// Title is what the plan is about, for people.
func (p Plan) Title() string { return cmp.Or(p.Name, p.Target) }

// Progress is one sign of life of a running action.
type Progress struct {
	Text string
	Part float64 // 0 to 1; below 0 when it is not known
}

// Result is what an action did.
type Result struct {
	Done    []string // the steps that were carried out
	Summary string   // "ended in 40 ms"
	Unsure  string   // why it cannot be told whether it worked; "" when it can
	Found   []Found  // what an action that only reads found out; also where it failed
	Effects []Effect // what the action measured by itself; it takes the place of a measure of the same metric
}

// Found is one line of what an action found out. The text may take several
// lines where it is shown.
type Found struct {
	Text  string
	Depth int  // how far in it stands: of a tree, the level
	Head  bool // the title of the lines that follow
	Heed  bool // worth a look before the others
}

// Action declares one thing the operator can do. Keys, help, palette, footer,
// docs and audit derive from it.
type Action struct {
	ID       string // pg.terminate
	Title    string // "End session"
	Verb     string // on the card's button: "end it"
	Key      rune   // 'K'; 0 for none
	On       string // the view on which Key works, in place of what it does elsewhere: statements; "" on every one
	With     string // id of the action whose key calls this one where a verdict offers it; "" for none
	Danger   Danger
	Params   []Param
	Undo     string // id of the action that takes it back; "" where there is none
	Measures []Measure
	// Blocked says why it cannot run here at all; "" when it can.
	Blocked func() string
	// Plan looks at the target and says what would be done. It changes nothing.
	Plan func(ctx context.Context, args Args) (Plan, error)
	// Run carries the plan out, re-checking the identity of its target. It
	// returns what was done even when it fails. Cancelling ctx asks it to stop.
	Run func(ctx context.Context, p Plan, step func(Progress)) (Result, error)
}
