package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// gauges collects numbers by their exported name, in the order they came in.
type gauges struct {
	target string
	names  []string
	lines  map[string]*strings.Builder // by name, with what introduces it
	seen   map[string]bool             // name and labels
}

// exposition gives the look in the Prometheus text format. What is not known
// is left out: a scraper must see a gap, not a zero.
func (l look) exposition() string {
	g := &gauges{target: l.target, lines: map[string]*strings.Builder{}, seen: map[string]bool{}}
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
	var out strings.Builder
	for _, name := range g.names {
		out.WriteString(g.lines[name].String())
	}
	return out.String()
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
	out, ok := g.lines[name]
	if !ok {
		out = &strings.Builder{}
		g.lines[name], g.names = out, append(g.names, name)
		fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(help), name)
	}
	fmt.Fprintf(out, "%s{%s} %s\n", name, g.pairs(labels), strconv.FormatFloat(value, 'g', -1, 64))
}

// pairs gives the labels, with the target first.
func (g *gauges) pairs(labels model.Labels) string {
	out := []string{pair("target", g.target)}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, pair(name, labels[name]))
	}
	return strings.Join(out, ",")
}

// pair is one label. Control characters, of which the format keeps all but the
// line break, would reach the terminal of whoever looks at it.
func pair(name, value string) string {
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, value)
	return name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}
