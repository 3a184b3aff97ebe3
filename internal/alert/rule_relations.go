package alert

// relationRules are about what ends one day when nobody looks: ids, sequences,
// and indexes that only cost.
func relationRules() []Rule {
	rules := []Rule{
		{
			ID: "db.wraparound.high", Metric: "db.wraparound.pct", Fire: above(75, "%"), Clear: below(70, "%"),
			Severity: P1, Runbook: "bloat",
		},
		{
			ID: "db.wraparound", Metric: "db.wraparound.pct", Fire: above(40, "%"), Clear: below(35, "%"),
			Severity: P2, InhibitedBy: []string{"db.wraparound.high"}, Runbook: "bloat",
		},
		{
			// The forced vacuum began at 100 and has not brought the age down.
			ID: "db.wraparound.freeze", Metric: "db.wraparound.freeze", Fire: above(150, "%"), Clear: below(110, "%"),
			Severity: P3, InhibitedBy: []string{"db.wraparound.high", "db.wraparound"}, Runbook: "bloat",
		},
		{
			ID: "db.sequence.used.high", Metric: "db.sequence.used", Fire: above(90, "%"), Clear: below(85, "%"),
			Severity: P2, Runbook: "error-spike",
		},
		{
			ID: "db.sequence.used", Metric: "db.sequence.used", Fire: above(75, "%"), Clear: below(70, "%"),
			Severity: P3, InhibitedBy: []string{"db.sequence.used.high"}, Runbook: "error-spike",
		},
		{
			ID: "db.indexes.invalid", Metric: "db.indexes.invalid", Fire: atLeast(1), Clear: below(1),
			Severity: P3, Runbook: "slow-query",
		},
	}
	for i := range rules {
		rules[i].Group, rules[i].InhibitedBy = "db", append([]string{"db.down"}, rules[i].InhibitedBy...)
	}
	return rules
}
