package cli

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// gauges collects numbers by their exported name, in the order they came in.
type gauges struct {
	target   string
	families []*dto.MetricFamily
	byName   map[string]*dto.MetricFamily
	seen     map[string]bool // name and labels
}

// exposition gives the look in the Prometheus text format. What is not known
// is left out: a scraper must see a gap, not a zero.
func (l look) exposition() ([]byte, error) {
	g := &gauges{target: l.target, byName: map[string]*dto.MetricFamily{}, seen: map[string]bool{}}
	for _, src := range l.view.Sources() {
		l.addSource(g, src)
	}
	for _, src := range l.view.Sources() {
		for _, f := range src.Facts {
			if f.Known {
				g.add(exported(f.Name), help(f), f.Labels, f.Value)
			}
		}
	}
	var out bytes.Buffer
	for _, family := range g.families {
		if _, err := expfmt.MetricFamilyToText(&out, family); err != nil {
			return nil, fmt.Errorf("export %s: %w", family.GetName(), err)
		}
	}
	return out.Bytes(), nil
}

func (l look) addSource(g *gauges, src store.Status) {
	labels := model.Labels{"source": src.Name}
	if src.State != store.Unconfigured {
		up := 0.0
		if src.State == store.OK {
			up = 1
		}
		g.add("tocsin_source_up", "1 while the newest attempt to read the source gave a value in time.", labels, up)
	}
	if age, ok := src.Age(l.view.Now()); ok {
		g.add("tocsin_source_age_seconds", "Age of the newest value of the source.", labels, age.Seconds())
	}
}

// exported is the name of a metric at Prometheus: db.down is tocsin_db_down.
func exported(name string) string {
	return "tocsin_" + strings.NewReplacer(".", "_", "-", "_").Replace(name)
}

func help(f model.Fact) string {
	if f.Unit == model.None {
		return f.Name + "."
	}
	return fmt.Sprintf("%s in %s.", f.Name, f.Unit)
}

func (g *gauges) add(name, help string, labels model.Labels, value float64) {
	key := seriesKey(name, labels)
	if g.seen[key] {
		return // a scraper refuses the whole answer for a doubled series
	}
	g.seen[key] = true
	family, ok := g.byName[name]
	if !ok {
		family = &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()}
		g.byName[name] = family
		g.families = append(g.families, family)
	}
	family.Metric = append(family.Metric, &dto.Metric{Label: g.pairs(labels), Gauge: &dto.Gauge{Value: &value}})
}

// pairs gives the labels, with the target first.
func (g *gauges) pairs(labels model.Labels) []*dto.LabelPair {
	out := []*dto.LabelPair{pair("target", g.target)}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, pair(name, labels[name]))
	}
	return out
}

// pair is one label. Control characters, of which the format keeps all but the
// line break, would reach the terminal of whoever looks at it.
func pair(name, value string) *dto.LabelPair {
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, value)
	return &dto.LabelPair{Name: &name, Value: &value}
}
