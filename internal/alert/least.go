package alert

// LeastCount is the sample size below which a reading of the metric says
// nothing, by the shipped rules that look at it: of two requests at night, one
// failure makes half. It is 0 where none of them asks for any.
func LeastCount(metric string) int {
	least := 0
	for _, r := range Defaults().Rules {
		if r.Metric == metric && r.MinCount > 0 && (least == 0 || r.MinCount < least) {
			least = r.MinCount
		}
	}
	return least
}
