package alert

import (
	"cmp"
	"slices"
	"time"

	"tocsin/internal/store"
)

// Suspect is the first cause to look at, with its numbers.
type Suspect struct {
	Summary  string            // one sentence: "38 sessions wait behind pid 4711: idle in transaction 6m12s, …"
	Evidence []string          // what speaks for it, each with its number
	Against  []string          // what was ruled out, and what does not fit; each with its number
	Since    time.Time         // when it began; zero when that is not known
	Rule     string            // id of the rule whose readings it explains; "" when there is no suspect
	Level    Level             // how loud what it explains is
	Action   string            // id of the action that ends it; "" where there is none
	Args     map[string]string // of the action, complete
	Book     string            // id of the runbook of the cause; "" where that of the rule is the one
}

// Found tells whether there is a suspect at all.
func (s Suspect) Found() bool { return s.Rule != "" }

// Diagnose names the first suspect among all readings that are over their
// threshold at the instant of the view, whether or not their alerts fire yet.
// The alerts must be those of a step over the same view. Same view, same
// alerts, same suspect. Deeds are what helped of late.
func Diagnose(v store.View, alerts []Alert, deeds ...Deed) Suspect {
	return Suspects(v, alerts, deeds...)[0]
}

// Suspects gives every candidate, the first suspect first. Where there is
// none for the worst of what users feel, the first says so and what was ruled
// out.
func Suspects(v store.View, alerts []Alert, deeds ...Deed) []Suspect {
	s := newScene(v, alerts, deeds)
	var found []candidate
	for _, look := range []func(*scene) []candidate{
		(*scene).serversDown, (*scene).lockPileUp, (*scene).badDeploy, (*scene).connections,
		(*scene).errorSpike, (*scene).providers, (*scene).servicesDown, (*scene).staleCache, (*scene).cacheLeak,
		(*scene).slowQuery, (*scene).bloat, (*scene).host, (*scene).standbys, (*scene).pooler, (*scene).supabase,
		(*scene).site,
	} {
		found = append(found, look(s)...)
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.weight, a.weight) })
	var out []Suspect
	if len(found) == 0 || s.explainsLess(found[0]) {
		out = append(out, s.noSuspect())
	}
	for _, c := range found {
		s.wait(&c)
		out = append(out, c.Suspect)
	}
	return out
}

// explainsLess tells whether a cause is too small for what users feel: dead rows
// or one long statement explain slowness at most, and no errors that are at
// least as bad. A shortage on this machine explains nothing that is felt, and
// nothing worse that fires or is not over for long enough.
func (s *scene) explainsLess(c candidate) bool {
	switch {
	case c.weight > weightNoErrors:
		return false
	case c.weight > weightHost:
		errors := s.errors()
		return len(errors) > 0 && errors[0].loud() >= c.Level
	}
	felt := s.symptoms()
	return len(felt) > 0 && felt[0].loud() >= c.Level || slices.ContainsFunc(s.alerts, func(a Alert) bool {
		return (a.State == Firing || a.State == Clearing) && !a.Inhibited && a.Muted == nil && a.Level() > c.Level
	})
}

// candidate is a suspect with its rank. A cause weighs more than what it
// brings about: a server that is down explains everything that needs it, a
// lock explains slow requests, and dead rows explain little that hurts now.
type candidate struct {
	Suspect
	weight  int
	reading hot // what it explains
}

// The weights, in the order of cause and consequence.
const (
	weightProject     = 105 // a project that is off is why its server is down
	weightServerDown  = 100
	weightPaused      = 95
	weightLocks       = 90
	weightDeploy      = 80
	weightReadOnly    = 75
	weightLeak        = 72 // of the cache: what it no longer answers takes connections
	weightConnections = 70
	weightAttack      = 67
	weightNamed       = 66 // a provider in trouble that our errors name
	weightErrors      = 65 // an issue that makes most of the errors
	weightProvider    = 60 // with symptoms of ours
	weightDomain      = 57
	weightDiskFull    = 55
	weightServiceDown = 50
	weightSlowFelt    = 45 // a long statement while requests are slow
	weightDeployLate  = 44 // a build that had served well for long before
	weightNoErrors    = 43 // from here on nothing makes requests fail
	weightStale       = 40
	weightSlow        = 30
	weightMachine     = 25 // of the database, as its provider tells
	weightBloat       = 20
	weightHost        = 18 // the machine tocsin runs on is seldom the one that serves
	weightProviderFar = 15 // a provider's trouble that nobody feels here
	weightCertificate = 14 // nothing hurts yet
	weightBuild       = 13
	weightPromotion   = 12 // what a rollback leaves
	weightPassing     = 10 // what a busy minute alone shows
)

// explain makes a candidate for the readings of one alert.
func explain(weight int, h hot) candidate {
	return candidate{weight: weight, reading: h, Suspect: Suspect{Rule: h.Rule, Level: h.loud(), Since: h.began}}
}

// act names the action that ends it.
func (c *candidate) act(id string, args map[string]string) { c.Action, c.Args = id, args }
