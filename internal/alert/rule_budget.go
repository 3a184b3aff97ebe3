package alert

// budgetRules are about how fast the budget for errors goes: 99.9 % of the
// requests of thirty days should succeed. At 14.4 times the even pace two per
// cent of it are gone within the hour, at 6 times five per cent within six. The
// metric is the smaller burn of a long and a short window, so both have to be
// over, and the short one clears.
func budgetRules() []Rule {
	burn := func(id, window string, times float64, s Severity) Rule {
		return Rule{
			ID: id, Metric: "slo.burn", Window: window, MinCount: 50, Fire: above(times), Clear: Threshold{Op: "<=", Value: times},
			Severity: s, Group: "http", InhibitedBy: []string{"service.down"}, Runbook: "error-spike",
		}
	}
	fast, slow := burn("slo.fast", "1h", 14.4, P1), burn("slo.slow", "6h", 6, P2)
	slow.InhibitedBy = append(slow.InhibitedBy, fast.ID)
	return []Rule{fast, slow}
}
