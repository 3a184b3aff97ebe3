package alert

import (
	"slices"
	"time"

	"tocsin/internal/model"
)

// windowLabel is the label by which a fact tells over how long it was taken.
const windowLabel = "window"

// OnUnknown says what a missing reading means.
type OnUnknown string

// What a missing reading means. It never means that all is well.
const (
	Keep OnUnknown = "keep" // the alert is unknown and keeps its severity and place
	Fire OnUnknown = "fire" // it counts as over the threshold
)

// Rule says when the readings of one metric are trouble. Each series of the
// metric gets an alert of its own.
type Rule struct {
	ID          string
	Metric      string        // name of a fact
	Window      string        // of the facts to look at, where the metric has windows: 1m, 5m
	Fire        Threshold     // pending at once, firing after For
	For         time.Duration // 0 fires at once
	Clear       Threshold     // a threshold of its own, so that a reading near Fire does not flap
	ClearFor    time.Duration
	MinCount    int // sample size under which a reading is unknown
	OnUnknown   OnUnknown
	Severity    Severity
	Group       string
	InhibitedBy []string // ids of rules whose trouble explains this one's
	Runbook     string   // id of the book
}

// Set is a whole set of rules.
type Set struct {
	Every      time.Duration // between two steps of the engine
	StaleAfter int           // intervals of its source after which a reading is too old
	Rules      []Rule        // ids differ
}

// Rule finds a rule by its id.
func (s Set) Rule(id string) (Rule, bool) {
	for i := range s.Rules {
		if s.Rules[i].ID == id {
			return s.Rules[i], true
		}
	}
	return Rule{}, false
}

// Defaults are the shipped rules: every threshold of the runbooks once.
func Defaults() Set {
	rules := slices.Concat(databaseRules(), relationRules(), serviceRules(), budgetRules(), hostRules(), serverRules(), supabaseRules(), siteRules(), watcherRules())
	for i := range rules {
		rules[i].OnUnknown = Keep
	}
	return Set{Every: 5 * time.Second, StaleAfter: 3, Rules: rules}
}

func serviceRules() []Rule {
	return []Rule{
		{
			ID: "service.down", Metric: "service.down", Fire: atLeast(1), Clear: below(1),
			Severity: P0, Group: "service", Runbook: "complete-outage",
		},
		{
			ID: "http.error_rate.high", Metric: "http.error_rate", Window: "1m", MinCount: 50,
			Fire: above(2, "%"), For: time.Minute, Clear: below(1.5, "%"), ClearFor: 3 * time.Minute,
			Severity: P1, Group: "http", InhibitedBy: []string{"service.down"}, Runbook: "error-spike",
		},
		{
			ID: "http.error_rate", Metric: "http.error_rate", Window: "1m", MinCount: 50,
			Fire: above(1, "%"), For: 2 * time.Minute, Clear: below(0.8, "%"), ClearFor: 3 * time.Minute,
			Severity: P2, Group: "http", InhibitedBy: []string{"service.down", "http.error_rate.high"}, Runbook: "error-spike",
		},
		{
			ID: "http.p95", Metric: "http.p95", Window: "5m", MinCount: 50,
			Fire: above(1000, "ms"), For: 3 * time.Minute, Clear: below(900, "ms"), ClearFor: 3 * time.Minute,
			Severity: P2, Group: "http", InhibitedBy: []string{"service.down"}, Runbook: "performance-degradation",
		},
		{
			ID: "http.p99", Metric: "http.p99", Window: "5m", MinCount: 100,
			Fire: above(2000, "ms"), For: 3 * time.Minute, Clear: below(1800, "ms"), ClearFor: 3 * time.Minute,
			Severity: P2, Group: "http", InhibitedBy: []string{"service.down"}, Runbook: "performance-degradation",
		},
		{
			ID: "cache.down", Metric: "cache.down", Fire: atLeast(3), Clear: below(1),
			Severity: P1, Group: "cache", Runbook: "cdn-and-cache",
		},
		{
			ID: "cache.hit_ratio", Metric: "cache.hit_ratio", MinCount: 50, Fire: below(70, "%"), For: time.Minute,
			Clear: above(80, "%"), ClearFor: time.Minute,
			Severity: P2, Group: "cache", InhibitedBy: []string{"cache.down"}, Runbook: "cdn-and-cache",
		},
		{
			ID: "cache.unending", Metric: "cache.unending", Fire: above(80, "%"), Clear: below(60, "%"),
			Severity: P2, Group: "cache", InhibitedBy: []string{"cache.down"}, Runbook: "cache-leak",
		},
		{
			ID: "cache.stale", Metric: "cache.stale", Fire: above(0, "s"), For: time.Minute,
			Clear: Threshold{Op: "<=", Unit: "s"}, ClearFor: time.Minute,
			Severity: P2, Group: "cache", InhibitedBy: []string{"service.down"}, Runbook: "stale-cache",
		},
		{
			ID: "provider.trouble", Metric: "provider.trouble", Fire: atLeast(2), For: time.Minute,
			Clear: below(2), ClearFor: 5 * time.Minute,
			Severity: P3, Group: "provider", Runbook: "provider-outage",
		},
	}
}

func databaseRules() []Rule {
	rules := []Rule{
		{
			ID: "db.locks.waiting", Metric: "db.locks.waiting", Fire: above(5), For: 15 * time.Second,
			Clear: below(2), ClearFor: 30 * time.Second, Severity: P1, Runbook: "lock-pileup",
		},
		{
			ID: "db.connections", Metric: "db.connections.used", Fire: above(80, "%"), For: time.Minute,
			Clear: below(75, "%"), ClearFor: 2 * time.Minute, Severity: P2, Runbook: "connections-exhausted",
		},
		{
			ID: "db.query.slow", Metric: "db.query.longest", Fire: above(5000, "ms"), For: 15 * time.Second,
			Clear: below(4000, "ms"), ClearFor: 30 * time.Second, Severity: P3, Runbook: "slow-query",
		},
		{
			ID: "db.dead_tuples.pct", Metric: "db.dead_tuples.pct", Fire: above(20, "%"), For: time.Minute,
			Clear: below(15, "%"), ClearFor: time.Minute, Severity: P3, Runbook: "bloat",
		},
	}
	for i := range rules {
		rules[i].Group, rules[i].InhibitedBy = "db", []string{"db.down"}
	}
	down := Rule{
		ID: "db.down", Metric: "db.down", Fire: atLeast(3), Clear: below(1),
		Severity: P0, Group: "db", Runbook: "complete-outage",
	}
	return append([]Rule{down}, rules...)
}

func hostRules() []Rule {
	share := func(id string, limit, clear float64, lasting time.Duration) Rule {
		return Rule{
			ID: id, Metric: id, Fire: above(limit, "%"), For: lasting, Clear: below(clear, "%"),
			ClearFor: 5 * time.Minute, Severity: P2, Group: "host", Runbook: "disk-filling",
		}
	}
	cpu := share("host.cpu", 80, 70, 5*time.Minute)
	cpu.Severity, cpu.Runbook = P3, "performance-degradation"
	memory := share("host.memory", 85, 80, 5*time.Minute)
	memory.Runbook = "memory"
	return []Rule{
		cpu, memory,
		share("host.disk.used", 85, 82, 2*time.Minute),
		share("host.disk.inodes", 85, 82, 2*time.Minute),
		{
			ID: "host.disk.full_in", Metric: "host.disk.full_in", Fire: below(4, "h"), For: 10 * time.Minute,
			Clear: above(8, "h"), ClearFor: 5 * time.Minute, Severity: P2, Group: "host", Runbook: "disk-filling",
		},
	}
}

func above(value float64, unit ...model.Unit) Threshold { return threshold(">", value, unit) }
func below(value float64, unit ...model.Unit) Threshold { return threshold("<", value, unit) }
func atLeast(value float64) Threshold                   { return threshold(">=", value, nil) }

func threshold(op string, value float64, unit []model.Unit) Threshold {
	t := Threshold{Op: op, Value: value}
	if len(unit) > 0 {
		t.Unit = string(unit[0])
	}
	return t
}
