package ui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// serverFrame is the health of the PostgreSQL server in single numbers. The
// key of a row begins with the name of its source.
func serverFrame(in In) Frame {
	r := read(in.View, store.DatabasesKey())
	var items []quantity
	for _, part := range []func(In) []quantity{databaseItems, logItems, storageItems, ioItems, poolerItems, ownItems, settingItems} {
		items = append(items, part(in)...)
	}
	f := Frame{Table: quantities(in, items)}
	f.Head = hidden(in, serverHidden(in))
	if replication := read(in.View, store.ReplicationKey()); replication.has() {
		f.Head = append(f.Head, roleLines(in, replication.Value)...)
	}
	return frameOf(in, f, r.status)
}

// serverHidden is all that the role may not see of the server: the rows have no
// room for it.
func serverHidden(in In) string {
	var parts []string
	for _, part := range []string{
		read(in.View, store.WALKey()).Value.Hidden, read(in.View, store.StorageKey()).Value.Hidden,
		read(in.View, store.SettingsKey()).Value.Hidden, archiverHidden(in),
	} {
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "; ")
}

// withheld stands for a source that was not read: in place of its numbers.
func withheld(name string, s store.Status) []quantity {
	it := quantity{key: s.Name + "/", name: name, text: "?"}
	if s.Fail != nil {
		it.means = s.Fail.Error()
	}
	return []quantity{it}
}

func databaseItems(in In) []quantity {
	r := read(in.View, store.DatabasesKey())
	if !r.has() {
		return withheld("databases", r.status)
	}
	sum, key := r.Value.Sum(), r.status.Name+"/"
	hit := quantity{key: key + "hit", name: "cache hits", metric: "db.cache.hit", share: true, text: "?",
		means: count(sum.Reads) + " blocks read from the system in " + age(r.Value.Elapsed)}
	if pct, ok := sum.HitPct(); ok {
		hit = hit.is(pct, percent(pct))
	}
	perSecond := func(name, metric string, n int64, format func(float64) string) quantity {
		it := quantity{key: key + metric, name: name, metric: metric, text: "?"}
		if r.Value.Elapsed > 0 {
			it = it.is(float64(n)/r.Value.Elapsed.Seconds(), format(float64(n)/r.Value.Elapsed.Seconds()))
		}
		return it
	}
	dead := quantity{key: key + "deadlocks", name: "deadlocks", metric: "db.deadlocks", means: count(deadlocksEver(r.Value)) + " since the statistics began"}
	return []quantity{
		hit, perSecond("commits", "db.commits", sum.Commits, rate), perSecond("rollbacks", "db.rollbacks", sum.Rollbacks, rate),
		perSecond("temporary files", "db.temp.bytes", sum.TempBytes, perSecondBytes),
		dead.is(float64(sum.Deadlocks), count(sum.Deadlocks)),
		quantity{key: key + "conflicts", name: "recovery conflicts", metric: "db.conflicts"}.is(float64(sum.Conflicts), count(sum.Conflicts)),
	}
}

func deadlocksEver(d model.Databases) int64 {
	n := int64(0)
	for _, row := range d.Rows {
		n += row.Ever.Deadlocks
	}
	return n
}

func logItems(in In) []quantity {
	r := read(in.View, store.WALKey())
	items := withheld("log", r.status)
	if r.has() {
		written := quantity{key: r.status.Name + "/rate", name: "log written", metric: "db.wal.rate", text: "?"}
		if v, ok := r.Value.PerSecond(); ok {
			written = written.is(v, perSecondBytes(v))
		}
		if full := r.Value.FullPages; full != nil && r.Value.Records != nil {
			written.means = count(*full) + " whole pages in " + count(*r.Value.Records) + " records"
		}
		dir := quantity{key: r.status.Name + "/dir", name: "log on disk", metric: "db.wal.dir", text: "?", means: r.Value.Hidden}
		if r.Value.Dir != nil {
			dir = dir.is(float64(*r.Value.Dir), bytes(*r.Value.Dir))
		}
		items = []quantity{written, dir}
	}
	return append(append(items, checkpointItems(in)...), archiverItems(in)...)
}

func checkpointItems(in In) []quantity {
	r := read(in.View, store.CheckpointsKey())
	if !r.has() {
		return withheld("checkpoints", r.status)
	}
	c := r.Value
	requested := quantity{key: r.status.Name + "/requested", name: "checkpoints asked for", metric: "db.checkpoints.requested", share: true, text: "?",
		means: count(c.Requested) + " asked for, " + count(c.Timed) + " by time; many asked for: max_wal_size is small"}
	if pct, ok := c.RequestedPct(); ok {
		requested = requested.is(pct, percent(pct))
	} else {
		requested.means = "none counted since the statistics began"
	}
	last := quantity{key: r.status.Name + "/last", name: "last checkpoint", metric: "db.checkpoints.age",
		means: "wrote for " + age(c.Write) + ", synced for " + took(c.Sync) + " in all since the statistics began"}
	ago := c.Last + in.View.Now().Sub(r.status.At) // it is read every few minutes
	return []quantity{last.is(ago.Seconds(), age(ago)+" ago"), requested}
}

func archiverItems(in In) []quantity {
	r := read(in.View, store.ArchiverKey())
	if !r.has() {
		return withheld("archiving", r.status)
	}
	word := map[bool]string{true: "failing", false: r.Value.Mode}[r.Value.Failing()]
	return []quantity{quantity{key: r.status.Name + "/", name: "archiving", metric: "db.archiver.failing", means: archiverText(in, r.Value)}.says(word)}
}

// storageItems are the file systems with files of the server, the fullest first.
func storageItems(in In) []quantity {
	r := read(in.View, store.StorageKey())
	if !r.has() {
		return withheld("disk of the data", r.status)
	}
	if why := cmp.Or(r.Value.Hidden, r.Value.Away); why != "" {
		return []quantity{{key: r.status.Name + "/", name: "disk of the data", text: "?", means: why}}
	}
	var items []quantity
	for _, v := range r.Value.Volumes {
		q := diskUsed(v.Disk, quantity{key: r.status.Name + "/" + v.Mount, metric: "db.disk.used"})
		q.means += "; " + strings.Join(v.Holds, ", ")
		items = append(items, q)
	}
	return items
}

func ioItems(in In) []quantity {
	r := read(in.View, store.IOKey())
	if !r.has() {
		return withheld("I/O", r.status)
	}
	reads := quantity{key: r.status.Name + "/reads", name: "read", metric: "db.io.reads", text: "?", means: r.Value.Why}
	writes := quantity{key: r.status.Name + "/writes", name: "written", metric: "db.io.writes", text: "?"}
	if r.Value.Elapsed <= 0 {
		return []quantity{reads, writes}
	}
	var read, written int64
	var waited time.Duration
	for _, row := range r.Value.Rows {
		read, written, waited = read+row.ReadBytes, written+row.WriteBytes, waited+row.ReadTime+row.WriteTime
	}
	reads.means = "times are not tracked: track_io_timing is off"
	if r.Value.Timed {
		reads.means = "processes waited " + took(waited) + " in " + age(r.Value.Elapsed)
	}
	per := r.Value.Elapsed.Seconds()
	return []quantity{
		reads.is(float64(read)/per, perSecondBytes(float64(read)/per)), writes.is(float64(written)/per, perSecondBytes(float64(written)/per)),
	}
}

func poolerItems(in In) []quantity {
	r := read(in.View, store.PoolerKey())
	if r.status.State == store.Unconfigured {
		return nil
	}
	if !r.has() {
		return withheld("pooler", r.status)
	}
	p := r.Value
	means := "PgBouncer " + p.Version + ", " + plural(len(p.Pools), "pool", "pools")
	if p.Waiting() > 0 {
		means = "the longest for " + took(p.MaxWait()) + ", " + means
	}
	return []quantity{quantity{key: r.status.Name + "/waiting", name: "waiting at the pooler", metric: "db.pooler.waiting", means: means}.
		is(float64(p.Waiting()), count(int64(p.Waiting())))}
}

func settingItems(in In) []quantity {
	r := read(in.View, store.SettingsKey())
	if !r.has() {
		return withheld("settings", r.status)
	}
	waiting := r.Value.Waiting()
	it := quantity{key: r.status.Name + "/pending", name: "settings", means: strconv.Itoa(len(r.Value.Rows)) + " are not at their default"}
	if len(waiting) > 0 {
		it.means = "! wait for a restart: " + strings.Join(waiting, ", ")
	}
	if r.Value.Hidden != "" {
		it.means += "; those for superusers are hidden"
	}
	return []quantity{it.is(float64(len(waiting)), count(int64(len(waiting)))+" pending")}
}

// serverDetail shows all that the source of a row gives.
func serverDetail(in In, key string) []Line {
	name, _, _ := strings.Cut(key, "/")
	if _, ok := in.View.Sample(name); !ok {
		return nil
	}
	lines := sourceLines(in, statusOf(in.View, name))
	switch name {
	case store.DatabasesKey().Name:
		return append(lines, databaseLines(in)...)
	case store.IOKey().Name:
		return append(lines, ioLines(in)...)
	case store.PoolerKey().Name:
		return append(lines, poolLines(in)...)
	case store.SettingsKey().Name:
		return append(lines, settingLines(in)...)
	case store.OwnKey().Name:
		return append(lines, ownLines(in)...)
	case store.WALKey().Name:
		return append(lines, hidden(in, read(in.View, store.WALKey()).Value.Hidden)...)
	case store.ArchiverKey().Name:
		return append(lines, hidden(in, read(in.View, store.ArchiverKey()).Value.Hidden)...)
	case store.StorageKey().Name:
		return append(lines, storageLines(in)...)
	}
	return lines
}

func storageLines(in In) []Line {
	s := read(in.View, store.StorageKey()).Value
	lines := hidden(in, s.Hidden)
	for _, v := range s.Volumes {
		q := diskUsed(v.Disk, quantity{})
		lines = append(lines, Line{field(36, Muted, v.Mount), gap(1), span(Plain, q.text+"  "+q.means)})
		if v.InodesPct != nil {
			lines = append(lines, Line{field(36, Muted, ""), gap(1), span(Plain, "inodes "+percent(*v.InodesPct)+" in use")})
		}
		for _, what := range v.Holds {
			lines = append(lines, Line{field(36, Muted, ""), gap(1), span(Plain, what)})
		}
	}
	return lines
}

func databaseLines(in In) []Line {
	lines := []Line{columnsLine("database", "clients", "cache hits", "commits", "temporary", "deadlocks")}
	for _, d := range read(in.View, store.DatabasesKey()).Value.Rows {
		hit := "-"
		if pct, ok := d.Now.HitPct(); ok {
			hit = percent(pct)
		}
		if d.Reset {
			hit = "began anew"
		}
		lines = append(lines, columnsLine(d.Name, count(int64(d.Backends)), hit, count(d.Now.Commits), bytes(d.Now.TempBytes), count(d.Ever.Deadlocks)))
	}
	return lines
}

// columnsLine is a name and figures.
func columnsLine(name string, figures ...string) Line {
	line := Line{field(20, Plain, name)}
	for _, f := range figures {
		line = append(line, gap(1), figure(12, Plain, f))
	}
	return line
}

func ioLines(in In) []Line {
	r := read(in.View, store.IOKey()).Value
	lines := []Line{columnsLine("process", "object", "context", "read", "written", "hits")}
	for _, row := range r.Rows[:min(len(r.Rows), 20)] {
		lines = append(lines, columnsLine(row.Backend, row.Object, row.Context, bytes(row.ReadBytes), bytes(row.WriteBytes), count(row.Hits)))
	}
	return lines
}

func poolLines(in In) []Line {
	lines := []Line{columnsLine("database", "user", "mode", "clients", "waiting", "servers")}
	for _, p := range read(in.View, store.PoolerKey()).Value.Pools {
		servers := strconv.Itoa(p.Busy) + " of " + strconv.Itoa(p.Size)
		lines = append(lines, columnsLine(p.Database, p.User, p.Mode, strconv.Itoa(p.Active), strconv.Itoa(p.Waiting), servers))
	}
	return lines
}

func settingLines(in In) []Line {
	s := read(in.View, store.SettingsKey()).Value
	lines := hidden(in, s.Hidden)
	for _, row := range s.Rows {
		text := row.Value + "  (" + row.Source + ")"
		if row.Restart {
			text += ", a change waits for a restart"
		}
		lines = append(lines, Line{field(36, Muted, row.Name), gap(1), span(Plain, text)})
	}
	return lines
}

// poolerLine names the clients that wait at the pooler; nil when none does.
func poolerLine(in In) []Line {
	r := read(in.View, store.PoolerKey())
	switch {
	case r.status.State == store.Unconfigured:
		return nil
	case r.status.State != store.OK:
		return []Line{append(Line{gap(1), span(Muted, "pooler ")}, trouble(in, r.status, in.Width-8)...)}
	case r.Value.Waiting() == 0:
		return []Line{{gap(1), span(Muted, "nobody waits at the pooler")}}
	}
	text := plural(r.Value.Waiting(), "client waits", "clients wait") + " at the pooler, up to " + took(r.Value.MaxWait())
	return []Line{{gap(1), span(levelRole(max(levelOf(in, "db.pooler"), 2), Warn), text)}}
}

// serverChanges are what happened to the server and its settings.
func serverChanges(in In) []change {
	var out []change
	for _, c := range read(in.View, store.ReplicationKey()).Value.Changes {
		out = append(out, change{at: c.At, text: c.Text, role: Warn})
	}
	settings := read(in.View, store.SettingsKey()).Value
	for _, c := range settings.Changes {
		out = append(out, change{at: c.At, text: c.Name + " = " + c.To + ", before " + c.From, role: Plain})
	}
	return out
}
