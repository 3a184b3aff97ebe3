package cli

import (
	"math"
	"strconv"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/model"
)

// perf is one number of a monitoring plugin.
type perf struct {
	label string
	value string
	unit  string
	warn  string
	crit  string
}

// perfdata gives the numbers that rules look at, as plugins write them:
// 'label'=value[unit];warn;crit. What is not known is left out.
func (l look) perfdata() string {
	var order []string
	found := map[string]perf{}
	for _, a := range l.alerts {
		if !a.Known {
			continue
		}
		key := seriesKey(a.Metric, a.Labels)
		p, ok := found[key]
		if !ok {
			order = append(order, key)
			p.label = perfLabel(a)
			p.value, p.unit = perfValue(a.Value, a.Unit)
		}
		if limit := perfRange(a); a.Severity.Level() == alert.Critical {
			p.crit = limit
		} else {
			p.warn = limit
		}
		found[key] = p
	}
	out := make([]string, 0, len(order))
	for _, key := range order {
		out = append(out, found[key].text())
	}
	return strings.Join(out, " ")
}

func (p perf) text() string {
	return strings.TrimRight("'"+p.label+"'="+p.value+p.unit+";"+p.warn+";"+p.crit, ";")
}

// perfLabel names the series, without the characters that end a label.
func perfLabel(a alert.Alert) string {
	label := a.Metric
	if values := a.Labels.String(); values != "" {
		label += " " + values
	}
	return strings.NewReplacer("'", "", "=", ":", "|", "/").Replace(clean(label))
}

// perfValue gives a number in a unit that plugins know.
func perfValue(v float64, unit model.Unit) (text, uom string) {
	switch unit {
	case model.Percent, model.Millis, model.Seconds, model.Bytes:
		uom = string(unit)
	case model.Hours:
		v, uom = v*3600, string(model.Seconds)
	}
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64), uom
}

// perfRange writes a threshold as the range of plugins: outside of it is bad,
// or inside where it begins with @.
func perfRange(a alert.Alert) string {
	limit, err := a.Threshold.In(a.Unit)
	if err != nil {
		return ""
	}
	at, _ := perfValue(limit, a.Unit)
	return map[string]string{
		">": "~:" + at, ">=": "@" + at + ":", "<": at + ":", "<=": "@~:" + at,
		"==": "@" + at + ":" + at, "!=": at + ":" + at,
	}[a.Threshold.Op]
}
