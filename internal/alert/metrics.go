package alert

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// specimen is a snapshot with every part in place, so that its facts name all
// metrics of its kind.
type specimen struct {
	source string // name of the source, or what its name begins with
	prefix bool   // whether there may be several
	value  store.Snapshot
}

func specimens() []specimen {
	one, hour, text := 1.0, time.Hour, "public.t"
	return []specimen{
		{store.ConnectionsKey().Name, false, model.Connections{Max: 2, Reserved: 1}},
		{store.ActivityKey().Name, false, model.Activity{}},
		{store.StatementsKey().Name, false, model.Statements{}},
		{store.TablesKey().Name, false, model.Tables{Rows: []model.Table{{Name: text, Live: 1, Dead: model.SmallTable}}}},
		{store.IndexesKey().Name, false, model.Indexes{}},
		{store.BloatKey().Name, false, model.Bloat{}},
		{store.SequencesKey().Name, false, model.Sequences{Rows: []model.Sequence{{Name: text, Readable: true, Max: 1, Increment: 1}}}},
		{store.WraparoundKey().Name, false, model.Wraparound{FreezeAge: 1, MultiFreezeAge: 1, Databases: []model.DatabaseAge{{Name: text}}}},
		{store.HostKey().Name, false, model.Host{
			MemTotal: 1, Pressure: &model.Pressure{},
			Disks: []model.Disk{{Total: 1, InodesPct: &one, FullIn: &hour}},
		}},
		{store.RedisKey().Name, false, model.Redis{}},
		{store.KeyspaceKey().Name, false, model.Keyspace{Max: 1, Prefixes: []model.Prefix{{Bytes: new(int64), Forever: &one}}}},
		{store.SlowLogKey().Name, false, model.SlowLog{}},
		{store.UpstashKey().Name, false, model.Upstash{Budget: 1}},
		{store.DeploymentsKey().Name, false, model.Deployments{}},
		{store.AppKey("").Name, true, model.App{Windows: []model.AppWindow{{Elapsed: hour, Requests: 1}}, Long: []model.AppWindow{{}}}},
		{store.ProbeKey("").Name, true, model.Probe{TLSDays: &one, Fresh: &model.Freshness{}}},
		{store.StatusPageKey("").Name, true, model.StatusPage{}},
	}
}

// Metric is a number that rules can look at.
type Metric struct {
	Name   string
	Unit   model.Unit
	Labels []string // names of the labels that tell its series apart
	Source string   // name of the source; "app.*" where a target may have several
	Also   []string // other sources that give it
}

// GivenBy tells whether a source of that name gives it.
func (m Metric) GivenBy(source string) bool {
	prefix, several := strings.CutSuffix(m.Source, "*")
	return m.Source == source || several && strings.HasPrefix(source, prefix) || slices.Contains(m.Also, source)
}

// Metrics lists every number there is, in the order of the sources.
func Metrics() []Metric {
	var out []Metric
	at := map[string]int{} // in out, by name
	for _, s := range slices.Concat(specimens(), serverSpecimens(), supabaseSpecimens(), siteSpecimens(), watcherSpecimens()) {
		for _, f := range s.value.Facts() {
			if i, seen := at[f.Name]; seen {
				if !out[i].GivenBy(s.source) {
					out[i].Also = append(out[i].Also, s.source)
				}
				continue
			}
			at[f.Name] = len(out)
			m := Metric{Name: f.Name, Unit: f.Unit, Labels: names(f.Labels), Source: s.source}
			if s.prefix {
				m.Source += "*"
			}
			out = append(out, m)
		}
	}
	return out
}

// catalogue is every number there is, by its name. Making it goes through a
// specimen of every snapshot, so whoever asks often keeps one.
type catalogue map[string]Metric

func newCatalogue() catalogue {
	c := catalogue{}
	for _, m := range Metrics() {
		c[m.Name] = m
	}
	return c
}

// gives tells whether a source of that name gives a metric.
func (c catalogue) gives(source, name string) bool {
	m, ok := c[name]
	return ok && m.GivenBy(source)
}
