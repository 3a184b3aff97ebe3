package actions

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// planNode is one step of a plan. Source: EXPLAIN (FORMAT JSON, VERBOSE).
type planNode struct {
	planShape
	planObject
	planConditions

	Cost  float64    `json:"Total Cost"`
	Rows  float64    `json:"Plan Rows"`
	Width float64    `json:"Plan Width"` // bytes of a row
	Plans []planNode `json:"Plans"`
}

// planShape says what a step does.
type planShape struct {
	Type      string `json:"Node Type"`
	Operation string `json:"Operation"` // Insert, Update, Delete, Merge
	Join      string `json:"Join Type"` // Inner, Left, …
	Strategy  string `json:"Strategy"`  // of aggregates: Plain, Sorted, Hashed, Mixed
	Partial   string `json:"Partial Mode"`
	Parallel  bool   `json:"Parallel Aware"`
	Parent    string `json:"Parent Relationship"` // Outer, Inner, InitPlan, SubPlan, …
	Subplan   string `json:"Subplan Name"`
}

// planObject is what a step reads or writes.
type planObject struct {
	Schema   string `json:"Schema"`
	Table    string `json:"Relation Name"`
	Alias    string `json:"Alias"`
	Index    string `json:"Index Name"`
	Function string `json:"Function Name"`
	CTE      string `json:"CTE Name"`
}

// planConditions are by what a step chooses, joins and orders rows.
type planConditions struct {
	Filter     string   `json:"Filter"`
	IndexCond  string   `json:"Index Cond"`
	HashCond   string   `json:"Hash Cond"`
	MergeCond  string   `json:"Merge Cond"`
	JoinFilter string   `json:"Join Filter"`
	SortKey    []string `json:"Sort Key"`
	GroupKey   []string `json:"Group Key"`
}

// plans are those of one statement: rewrite rules may make several of it.
type plans []planNode

// readPlans takes the answer of EXPLAIN apart.
func readPlans(answer string) (plans, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte(answer), &parts); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	var out plans
	for _, part := range parts {
		var one struct{ Plan *planNode }
		if json.Unmarshal(part, &one) == nil && one.Plan != nil { // else the word that it has none
			out = append(out, *one.Plan)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("it has no plan: the server carries such a statement out as it is written")
	}
	return out, nil
}

func (ps plans) summary(took time.Duration) string {
	return "planned for any values and not run" + in(took) + ": " + ps[0].told()
}

// costText writes a cost, which has no unit.
func costText(cost float64) string { return humanize.Comma(int64(cost + 0.5)) }

// title is what a step is called, as EXPLAIN calls it in text.
func (n planNode) title() string {
	name := n.kind()
	if n.Parallel {
		name = "Parallel " + name
	}
	switch {
	case n.Index != "" && n.Table != "":
		name += " using " + n.Index + " on " + n.object()
	case n.Index != "":
		name += " on " + n.Index
	case n.Table != "":
		name += " on " + n.object()
	case n.Function != "":
		name += " on " + n.Function
	case n.CTE != "":
		name += " on " + n.CTE
	}
	if n.Subplan != "" {
		name = n.Subplan + ": " + name
	}
	return name
}

func (n planNode) kind() string {
	switch {
	case n.Operation != "":
		return n.Operation
	case n.Join != "" && n.Join != "Inner" && n.Type == "Nested Loop":
		return "Nested Loop " + n.Join + " Join"
	case n.Join != "" && n.Join != "Inner":
		return strings.TrimSuffix(n.Type, "Join") + n.Join + " Join"
	case n.Type != "Aggregate":
		return n.Type
	}
	prefix := map[string]string{"Partial": "Partial ", "Finalize": "Finalize "}[n.Partial]
	return prefix + map[string]string{"Sorted": "Group", "Hashed": "Hash", "Mixed": "Mixed"}[n.Strategy] + "Aggregate"
}

// table is the name of the table of a step, unquoted; "" where it has none.
func (n planNode) table() string {
	if n.Table == "" || n.Schema == "" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

func (n planNode) object() string {
	if n.Alias != "" && n.Alias != n.Table {
		return n.table() + " " + n.Alias
	}
	return n.table()
}

// conditions are the lines under a step.
func (n planNode) conditions() []string {
	var out []string
	for _, c := range []struct{ name, text string }{
		{"index condition", n.IndexCond}, {"join", n.HashCond}, {"join", n.MergeCond}, {"join filter", n.JoinFilter}, {"filter", n.Filter},
		{"sort by", strings.Join(n.SortKey, ", ")}, {"group by", strings.Join(n.GroupKey, ", ")},
	} {
		if c.text != "" {
			out = append(out, c.name+" "+c.text)
		}
	}
	return out
}

// planPlace is where in a plan a step stands.
type planPlace struct {
	depth int
	loops float64 // how often it is run, about
	paid  float64 // the part of its cost that is paid: a limit stops what is under it before its end
}

// under is the place of the i-th step under n.
func (at planPlace) under(n planNode, i int) planPlace {
	at.depth++
	switch child := n.Plans[i]; {
	case n.Type == "Nested Loop" && child.Parent == "Inner" && i > 0:
		at.loops *= max(n.Plans[0].Rows, 1)
	case n.Type == "Materialize" || n.Type == "Memoize" || n.Type == "Hash":
		at.loops = 1 // what is under it is kept
	case n.Type == "Limit" && child.Cost > n.Cost:
		at.paid *= n.Cost / child.Cost
	}
	return at
}

// walk visits a plan from the top.
func (n planNode) walk(visit func(planNode, planPlace)) { n.from(planPlace{loops: 1, paid: 1}, visit) }

func (n planNode) from(at planPlace, visit func(planNode, planPlace)) {
	visit(n, at)
	for i, p := range n.Plans {
		p.from(at.under(n, i), visit)
	}
}

// own is what a step at a place adds to the cost of the whole, without those
// under it.
func (n planNode) own(at planPlace) float64 {
	own := n.Cost * at.loops * at.paid
	for i, p := range n.Plans {
		below := at.under(n, i)
		own -= p.Cost * below.loops * below.paid
	}
	return max(own, 0)
}
