package model

// SupabaseMachine is what the machine of a project's database tells.
// Source: its metrics endpoint; rates are between two readings.
type SupabaseMachine struct {
	CPUs      int
	CPU       *float64    // busy, percent of all CPUs; nil after the first reading
	IOWait    *float64    // waiting for the disk, percent of all CPUs
	Load      *[3]float64 // over 1, 5 and 15 minutes
	MemTotal  *uint64     // bytes
	MemFree   *uint64     // bytes available without swapping
	SwapUsed  *uint64     // bytes
	Disks     []Disk
	DiskRead  *float64 // bytes/s
	DiskWrite *float64 // bytes/s
	DiskOps   *float64 // reads and writes that ended, per second
	DiskBusy  *float64 // of the busiest disk, percent of the time
	NetIn     *float64 // bytes/s
	NetOut    *float64 // bytes/s
	OOMKills  *int64   // processes ended for want of memory between two readings
	Up        *bool    // the database answers its exporter
	Clients   *int64   // connections to the database
	Slots     *int64   // max_connections
	Waiting   *int64   // clients of the pooler that wait for a connection
	Missing   []string // families that the endpoint does not have
}

// MemPct is the memory in use in percent; not ok where it is not told.
func (m SupabaseMachine) MemPct() (pct float64, ok bool) {
	if m.MemTotal == nil || m.MemFree == nil || *m.MemTotal == 0 {
		return 0, false
	}
	return 100 * (1 - float64(*m.MemFree)/float64(*m.MemTotal)), true
}

// SlotsPct is the connections in percent of max_connections; not ok where it
// is not told.
func (m SupabaseMachine) SlotsPct() (pct float64, ok bool) {
	if m.Clients == nil || m.Slots == nil || *m.Slots == 0 {
		return 0, false
	}
	return 100 * float64(*m.Clients) / float64(*m.Slots), true
}

const (
	notOffered = "the metrics endpoint does not tell it"
	twoNeeded  = "needs two readings of the metrics endpoint"
)

// Facts implements the snapshot of the store.
func (m SupabaseMachine) Facts() []Fact {
	facts := []Fact{
		Maybe("supabase.cpu", m.CPU, Percent, twoNeeded),
		Maybe("supabase.cpu.wait", m.IOWait, Percent, twoNeeded),
		share("supabase.memory", m.MemPct),
		Maybe("supabase.disk.reads", m.DiskRead, BytesPerS, twoNeeded),
		Maybe("supabase.disk.writes", m.DiskWrite, BytesPerS, twoNeeded),
		Maybe("supabase.disk.ops", m.DiskOps, PerSecond, twoNeeded),
		Maybe("supabase.disk.busy", m.DiskBusy, Percent, twoNeeded),
		maybeCount("supabase.oom_kills", m.OOMKills, twoNeeded),
		share("supabase.connections", m.SlotsPct),
		maybeCount("supabase.pooler.waiting", m.Waiting, notOffered),
		m.down(),
	}
	for _, d := range m.Disks {
		labels := Labels{"fs": d.Mount}
		if pct, ok := d.UsedPct(); ok {
			facts = append(facts, Known("supabase.disk.used", pct, Percent, labels))
		}
		if d.FullIn != nil {
			facts = append(facts, Known("supabase.disk.full_in", d.FullIn.Hours(), Hours, labels))
		}
	}
	return facts
}

func (m SupabaseMachine) down() Fact {
	switch {
	case m.Up == nil:
		return Unknown("supabase.postgres.down", None, nil, notOffered)
	case *m.Up:
		return Known("supabase.postgres.down", 0, None, nil)
	default:
		return Known("supabase.postgres.down", 1, None, nil).Saying("down")
	}
}

func share(name string, pct func() (float64, bool)) Fact {
	if v, ok := pct(); ok {
		return Known(name, v, Percent, nil)
	}
	return Unknown(name, Percent, nil, notOffered)
}
