package model

import (
	"cmp"
	"fmt"
	"time"
)

// Host is the machine tocsin runs on (not the machines it watches).
// Source: gopsutil, /proc/pressure, the cgroup of this process.
type Host struct {
	Name        string
	CPUs        int
	CPU         *float64    // busy, percent of all CPUs between two readings; nil after the first
	Load        *[3]float64 // over 1, 5 and 15 minutes; nil when it could not be read
	MemTotal    uint64      // bytes; the cgroup's limit where there is one
	MemFree     uint64      // bytes available without swapping; within the cgroup's limit where there is one
	MemWhy      string      // why MemFree is not known; "" when it is
	MemLimited  bool        // MemTotal is the limit of a cgroup
	SwapUsed    *uint64     // bytes; nil when it could not be read
	Disks       []Disk
	NetIn       *float64 // bytes/s over all but loopback; nil after the first reading
	NetOut      *float64
	DiskRead    *float64  // bytes/s
	DiskWrite   *float64  // bytes/s
	Pressure    *Pressure // nil where the kernel has none
	BootedSince time.Time
}

// Disk is one mounted file system.
type Disk struct {
	Mount     string
	Why       string         // why it could not be read, and then all but Mount is empty; ""
	Total     uint64         // bytes
	Used      uint64         // bytes
	InodesPct *float64       // nil where the file system has no fixed number
	FullIn    *time.Duration // at the trend of the last minutes; nil when it does not fill or is not known yet
}

// Pressure is the share of the last 10 s in which some task had to wait.
// Source: /proc/pressure/{cpu,memory,io}, "some avg10", percent.
type Pressure struct{ CPU, Memory, IO float64 }

// UsedPct is the share of the file system in use, percent; not ok when its size is 0.
func (d Disk) UsedPct() (pct float64, ok bool) {
	if d.Total == 0 {
		return 0, false
	}
	return 100 * float64(d.Used) / float64(d.Total), true
}

// MemPct is the memory in use, 1 − available/total, in percent; not ok when the total is 0
// or what is free is not known.
func (h Host) MemPct() (pct float64, ok bool) {
	if h.MemTotal == 0 || h.MemWhy != "" {
		return 0, false
	}
	return 100 * (1 - float64(h.MemFree)/float64(h.MemTotal)), true
}

// Facts implements the snapshot of the store.
func (h Host) Facts() []Fact {
	facts := []Fact{
		Maybe("host.cpu", h.CPU, Percent, "needs two readings"),
		Unknown("host.load1", None, nil, "the system does not tell the load"),
	}
	if h.Load != nil {
		facts[1] = Known("host.load1", h.Load[0], None, nil)
	}
	if pct, ok := h.MemPct(); ok {
		facts = append(facts, Known("host.memory", pct, Percent, nil))
	} else {
		facts = append(facts, Unknown("host.memory", Percent, nil, cmp.Or(h.MemWhy, "the total is not known")))
	}
	for _, d := range h.Disks {
		facts = append(facts, d.facts()...)
	}
	if h.Pressure != nil {
		facts = append(facts,
			Known("host.pressure", h.Pressure.CPU, Percent, Labels{"of": "cpu"}),
			Known("host.pressure", h.Pressure.Memory, Percent, Labels{"of": "memory"}),
			Known("host.pressure", h.Pressure.IO, Percent, Labels{"of": "io"}))
	}
	return facts
}

func (d Disk) facts() []Fact {
	labels := Labels{"fs": d.Mount}
	if d.Why != "" {
		return []Fact{
			Unknown("host.disk.used", Percent, labels, d.Why),
			Unknown("host.disk.inodes", Percent, labels, d.Why),
			Unknown("host.disk.full_in", Hours, labels, d.Why),
		}
	}
	var facts []Fact
	if pct, ok := d.UsedPct(); ok {
		facts = append(facts, Known("host.disk.used", pct, Percent, labels))
	}
	if d.InodesPct != nil {
		facts = append(facts, Known("host.disk.inodes", *d.InodesPct, Percent, labels))
	}
	if d.FullIn != nil {
		facts = append(facts, Known("host.disk.full_in", d.FullIn.Hours(), Hours, labels))
	}
	return facts
}

// Probe is what the last tries to reach one service gave.
// Source: an HTTP(S) request, a TCP connect or a TLS handshake.
type Probe struct {
	Service  string
	Address  string        // what was asked: a URL or host:port
	Up       bool          // k of n: changes only after so many equal results in a row
	Passed   bool          // the newest try
	Status   int           // HTTP status of the newest try; 0 where there was none
	Why      string        // why the newest try did not pass; ""
	Latency  time.Duration // of the newest try
	Failures int           // tries in a row that did not pass
	Passes   int           // tries in a row that passed
	Needed   int           // of equal results before Up changes; 0 when not told
	Tries    int           // tries since the start
	Fresh    *Freshness    // nil where the probe has no `fresh:`
	TLSDays  *float64      // days until the certificate ends; nil without TLS
}

// Freshness is how old the content is that a service gives.
type Freshness struct {
	Age   time.Duration
	Max   time.Duration
	Why   string // why the age could not be read; "" when it could
	Purge string // the cache keys to purge when it is too old, as configured: "page:"; "" when nobody said
	Tag   string // the tag to purge at the CDN then, as configured; "" when nobody said
}

// Facts implements the snapshot of the store.
func (p Probe) Facts() []Fact {
	labels := Labels{"service": p.Service}
	facts := []Fact{
		p.down(labels),
		Known("service.latency", float64(p.Latency)/float64(time.Millisecond), Millis, labels),
	}
	if p.TLSDays != nil {
		facts = append(facts, Known("service.tls.hours", *p.TLSDays*24, Hours, labels))
	}
	if p.Fresh == nil {
		return facts
	}
	if p.Fresh.Why != "" {
		return append(facts, Unknown("cache.stale", Seconds, labels, p.Fresh.Why))
	}
	over := max(p.Fresh.Age-p.Fresh.Max, 0)
	return append(facts,
		Known("cache.age", p.Fresh.Age.Seconds(), Seconds, labels),
		Known("cache.stale", over.Seconds(), Seconds, labels).Saying(p.Fresh.text()))
}

// down is unknown while the first tries fail: that a service counts as up from
// the start is not a reading, and must not clear an alert of the session before.
func (p Probe) down(labels Labels) Fact {
	switch {
	case !p.Up:
		return Known("service.down", 1, None, labels).Saying("down")
	case !p.Passed && p.Tries < p.Needed:
		return Unknown("service.down", None, labels, fmt.Sprintf("%d of %d tries failed", p.Failures, p.Needed))
	default:
		return Known("service.down", 0, None, labels)
	}
}

// text is the age beside what is allowed: "1m20s old, 20s is allowed".
func (f Freshness) text() string {
	return shortAge(f.Age) + " old, " + shortAge(f.Max) + " is allowed"
}

// shortAge writes a length of time as the screen does: 45s, 6m05s, 2h03m.
func shortAge(d time.Duration) string {
	switch s := int(d.Seconds()); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", s)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	default:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
}

// App is what an application says about its own requests.
// Source: its metrics endpoint, Prometheus text; or a Prometheus that reads it.
type App struct {
	Name    string
	Windows []AppWindow // 1 m and 5 m; shorter while we watch for less
	Long    []AppWindow // those of LongWindows, without quantiles; Elapsed is what of each is known. nil where none are kept
	Before  []Course    // of the facts of the first window, where the source remembers them; nil where it does not
}

// Past is what is known of the time before it was first read.
func (a App) Past() []Course { return a.Before }

// AppWindow are the requests within one window.
type AppWindow struct {
	Window   time.Duration // nominal: one minute, five minutes
	Elapsed  time.Duration // really covered; 0 after the first reading
	Requests int64
	Errors   int64
	Why      string         // why nothing is known, while Elapsed is 0; "" for want of a second reading
	NoErrors string         // why Errors is not known; "" when it is
	P50      *time.Duration // from merged buckets; nil when there was no request
	P95      *time.Duration
	P99      *time.Duration
}

// Over returns the window of that length; not ok when it is not kept or still empty of time.
func (a App) Over(window time.Duration) (AppWindow, bool) {
	for _, w := range a.Windows {
		if w.Window == window && w.Elapsed > 0 {
			return w, true
		}
	}
	return AppWindow{}, false
}

// ErrorPct is the share of failed requests in percent; not ok when there was
// none, or when those that failed are not known.
func (w AppWindow) ErrorPct() (pct float64, ok bool) {
	if w.Requests == 0 || w.NoErrors != "" {
		return 0, false
	}
	return 100 * float64(w.Errors) / float64(w.Requests), true
}

// Rate is the requests per second; not ok before the second reading.
func (w AppWindow) Rate() (perSecond float64, ok bool) {
	return Rate(0, w.Requests, w.Elapsed)
}

// Facts implements the snapshot of the store.
func (a App) Facts() []Fact {
	var facts []Fact
	for _, w := range a.Windows {
		labels := Labels{"app": a.Name, "window": shortWindow(w.Window)}
		switch rate, ok := w.Rate(); {
		case !ok:
			why := cmp.Or(w.Why, "needs two readings")
			facts = append(append(facts, Unknown("http.rate", PerSecond, labels, why)), withoutRequests(labels, why)...)
		case w.Requests == 0:
			facts = append(append(facts, Known("http.rate", rate, PerSecond, labels)), withoutRequests(labels, "no request in the window")...)
		default:
			facts = append(facts, w.facts(labels)...)
		}
	}
	return append(facts, a.burnFacts()...)
}

// withoutRequests are the facts that need a request.
func withoutRequests(labels Labels, why string) []Fact {
	return []Fact{
		Unknown("http.error_rate", Percent, labels, why),
		Unknown("http.p95", Millis, labels, why), Unknown("http.p99", Millis, labels, why),
	}
}

func (w AppWindow) facts(labels Labels) []Fact {
	share := Unknown("http.error_rate", Percent, labels, w.NoErrors)
	if pct, ok := w.ErrorPct(); ok {
		share = Known("http.error_rate", pct, Percent, labels)
	}
	rate, _ := w.Rate()
	facts := []Fact{share, Known("http.rate", rate, PerSecond, labels)}
	for _, q := range []struct {
		name string
		v    *time.Duration
	}{{"http.p50", w.P50}, {"http.p95", w.P95}, {"http.p99", w.P99}} {
		if q.v == nil {
			facts = append(facts, Unknown(q.name, Millis, labels, "the endpoint has no latency histogram"))
			continue
		}
		facts = append(facts, Known(q.name, float64(*q.v)/float64(time.Millisecond), Millis, labels))
	}
	for i := range facts {
		facts[i].Count = int(w.Requests)
	}
	return facts
}

// shortWindow is the label of a window as rules write it: 1m, 5m, 1h.
func shortWindow(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if len(text) > len(zero)+1 && text[len(text)-2:] == zero && (text[len(text)-3] == 'm' || text[len(text)-3] == 'h') {
			text = text[:len(text)-2]
		}
	}
	return text
}

// StatusPage is what a provider says about itself.
// Source: Atlassian Statuspage, GET /api/v2/summary.json.
type StatusPage struct {
	Name       string
	URL        string
	Indicator  string // none, minor, major, critical
	Text       string // status.description
	Components []Component
	Incidents  []ProviderIncident // unresolved
}

// Component is one part of a provider.
type Component struct{ Name, Status string }

// ProviderIncident is one unresolved incident of a provider.
type ProviderIncident struct {
	Name    string
	Impact  string // none, minor, major, critical
	Since   time.Time
	Updated time.Time
}

// Severity is the indicator as a number: 0 none, 1 minor, 2 major, 3 critical;
// not ok for a word that is not in the contract.
func (p StatusPage) Severity() (level int, ok bool) {
	for i, name := range []string{"none", "minor", "major", "critical"} {
		if p.Indicator == name {
			return i, true
		}
	}
	return 0, false
}

// Facts implements the snapshot of the store.
func (p StatusPage) Facts() []Fact {
	labels := Labels{"provider": p.Name}
	if level, ok := p.Severity(); ok {
		return []Fact{Known("provider.trouble", float64(level), None, labels)}
	}
	return []Fact{Unknown("provider.trouble", None, labels, "unknown indicator "+p.Indicator)}
}

// Redis is the state of a Redis server. Source: INFO, SLOWLOG LEN, DBSIZE.
type Redis struct {
	Version   string
	HitPct    *float64 // of the lookups between two readings; nil after the first or when there was none
	Lookups   int64    // behind HitPct
	LookupsPS *float64 // lookups/s between two readings
	Ops       *float64 // commands/s between two readings
	Evicted   *float64 // keys/s between two readings
	Used      int64    // used_memory, bytes; 0 when the server does not tell it
	Max       int64    // maxmemory, bytes; 0 means no limit
	Clients   *int64   // nil when the server does not tell it
	Blocked   *int64   // clients that wait for a key; nil when the server does not tell it
	SlowLog   *int64   // entries in the slow log; nil when it could not be read
	Keys      int64    // in the database we use
	Replica   bool
	RDBFailed bool   // the last background save failed
	Hidden    string // what could not be read, and why; "" when all was
	// Latency is the time that one round trip took, of the network and of INFO.
	Latency time.Duration
	Policy  string // maxmemory_policy: allkeys-lru, volatile-lru, noeviction, …; "" where it is not told
	Lacks   string // why the server tells nothing of itself, and the way to get it; "" when it does
}

// MemPct is the memory in use in percent of maxmemory; not ok without a limit
// or where the server does not tell what is in use.
func (r Redis) MemPct() (pct float64, ok bool) {
	if r.Max == 0 || r.Used == 0 {
		return 0, false
	}
	return 100 * float64(r.Used) / float64(r.Max), true
}

// Facts implements the snapshot of the store.
func (r Redis) Facts() []Fact {
	hit := Maybe("cache.hit_ratio", r.HitPct, Percent, orText(r.Lacks, "needs two readings with a lookup between"))
	hit.Count = int(r.Lookups)
	facts := []Fact{
		Known("cache.down", 0, None, nil), hit,
		Maybe("cache.lookups", r.LookupsPS, PerSecond, orText(r.Lacks, "needs two readings of keyspace_hits and keyspace_misses")),
		Maybe("cache.ops", r.Ops, PerSecond, orText(r.Lacks, "needs two readings of total_commands_processed")),
		Maybe("cache.evicted", r.Evicted, PerSecond, orText(r.Lacks, "needs two readings of evicted_keys")),
		r.used(), r.clients(),
		Known("cache.keys", float64(r.Keys), None, nil),
		Known("cache.latency", float64(r.Latency)/float64(time.Millisecond), Millis, nil),
	}
	switch pct, ok := r.MemPct(); {
	case ok:
		facts = append(facts, Known("cache.memory", pct, Percent, nil))
	case r.Used == 0:
		facts = append(facts, Unknown("cache.memory", Percent, nil, r.used().Why))
	default:
		facts = append(facts, Unknown("cache.memory", Percent, nil, "maxmemory is not set"))
	}
	return facts
}

func (r Redis) clients() Fact {
	if r.Clients == nil {
		return Unknown("cache.clients", None, nil, orText(r.Lacks, "the server does not tell connected_clients"))
	}
	return Known("cache.clients", float64(*r.Clients), None, nil)
}

// used is unknown where the server does not tell it: a stand-in keeps no account.
func (r Redis) used() Fact {
	if r.Used == 0 {
		return Unknown("cache.memory.bytes", Bytes, nil, orText(r.Lacks, "the server does not tell used_memory"))
	}
	return Known("cache.memory.bytes", float64(r.Used), Bytes, nil)
}

// FailFacts says what a failed read itself tells: after so many attempts in a
// row the server is down.
func (Redis) FailFacts(f *Fail) []Fact {
	if f.Class != Down {
		return nil
	}
	return []Fact{notAnswered("cache.down", f.Attempts)}
}
