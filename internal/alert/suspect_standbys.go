package alert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// The weights of what is wrong around a server that itself answers.
const (
	weightPoolerDown  = 95
	weightPooler      = 65
	weightReplicaGone = 48
	weightReplicaLag  = 42
	weightArchiver    = 35
	weightSlot        = 34
)

// standbys names what is wrong with those that follow the server, and with
// the log that is kept for them.
func (s *scene) standbys() []candidate {
	var out []candidate
	r, _ := known(s, store.ReplicationKey())
	if h, ok := s.over("db.replica.gone"); ok {
		c := explain(weightReplicaGone, h)
		name := h.Labels["replica"]
		c.Summary = "standby " + name + " does not follow any more"
		if name == model.ThisServer {
			c.Summary = "this standby receives nothing from its primary"
		}
		c.Evidence = lines(s.slotLine(name), more(len(s.all("db.replica.gone"))-1, "standby"))
		out = append(out, c)
	}
	lagging := append(s.all("db.replica.lag_seconds"), s.all("db.replica.lag_bytes")...)
	if len(lagging) > 0 {
		c := explain(weightReplicaLag, lagging[0])
		name := lagging[0].Labels["replica"]
		c.Summary = "standby " + name + " is " + lagText(lagging, name) + " behind"
		c.Evidence = lines(followerLine(r, name), s.slotLine(name))
		c.Against = lines(s.walLine())
		s.blameReplay(&c, name)
		out = append(out, c)
	}
	return append(out, s.keptLog()...)
}

// lagText says the readings of one standby: "300 MiB, 5m0s".
func lagText(readings []hot, name string) string {
	var texts []string
	for _, h := range readings {
		if h.Labels["replica"] == name {
			texts = append(texts, number(h.value, h.Unit))
		}
	}
	return strings.Join(texts, ", ")
}

// followerLine says how a standby stands; "" for this server.
func followerLine(r model.Replication, name string) string {
	i := slices.IndexFunc(r.Replicas, func(x model.Replica) bool { return x.Name == name })
	if i < 0 || r.Replicas[i].State == "" {
		return ""
	}
	x := r.Replicas[i]
	text := "it is " + x.State + ", " + x.Sync
	if x.LastReply != nil {
		text += ", its last reply " + ago(*x.LastReply) + " ago"
	}
	return text
}

// slotLine says how much log the slot of a standby keeps; "" without one.
func (s *scene) slotLine(name string) string {
	slots, _ := known(s, store.SlotsKey())
	i := slices.IndexFunc(slots.Rows, func(row model.Slot) bool { return row.Name == name && row.Retained != nil })
	if i < 0 {
		return ""
	}
	return "its slot keeps " + number(float64(*slots.Rows[i].Retained), model.Bytes) + " of log"
}

// walLine says how much log is made.
func (s *scene) walLine() string {
	f, ok := s.fact("db.wal.rate")
	if !ok {
		return ""
	}
	return "log made: " + number(f.Value, f.Unit)
}

// keptLog names why log piles up: a slot that is not read, or archiving.
func (s *scene) keptLog() []candidate {
	var out []candidate
	if h, ok := s.over("db.archiver.failing"); ok {
		archiver, _ := known(s, store.ArchiverKey())
		c := explain(weightArchiver, h)
		c.Summary = "archiving fails at segment " + archiver.LastFailed
		if archiver.LastAt != nil {
			c.Evidence = append(c.Evidence, "the last good one "+ago(s.now.Sub(*archiver.LastAt))+" ago")
		}
		if archiver.Ready != nil {
			c.Evidence = append(c.Evidence, plural(int(*archiver.Ready), "segment")+" in the queue")
		}
		out = append(out, c)
	}
	if h, ok := s.over("db.slots.lost", "db.slots.retained"); ok {
		out = append(out, s.blameSlot(h))
	}
	return out
}

// blameSlot names a slot that keeps much log, and who reads it.
func (s *scene) blameSlot(h hot) candidate {
	c := explain(weightSlot, h)
	name := h.Labels["slot"]
	c.Summary = "slot " + name + " keeps " + number(h.value, h.Unit) + " of log"
	if h.Rule == "db.slots.lost" {
		c.Summary = "slot " + name + " is lost: its reader has to begin anew"
	}
	c.Evidence = lines(s.logFolder(h.value))
	c.Against = lines(s.walLine())
	if pid, ok := s.reader(name); ok && pid != 0 {
		c.Evidence = append(c.Evidence, "pid "+strconv.Itoa(pid)+" reads it, and is behind")
	} else if ok {
		c.Summary += ", and nobody reads it"
		s.offerDrop(&c, name)
	}
	return c
}

// reader is who reads a slot, 0 for nobody; not ok where that is not known.
func (s *scene) reader(slot string) (pid int, ok bool) {
	slots, _ := known(s, store.SlotsKey())
	i := slices.IndexFunc(slots.Rows, func(row model.Slot) bool { return row.Name == slot })
	if i < 0 {
		return 0, false
	}
	return slots.Rows[i].PID, true
}

// offerDrop offers to drop a slot that nobody reads, unless it is that of a
// standby which has to be there.
func (s *scene) offerDrop(c *candidate, slot string) {
	if pid, ok := s.reader(slot); !ok || pid != 0 {
		return
	}
	if r, _ := known(s, store.ReplicationKey()); slices.Contains(r.Expected, slot) {
		c.Evidence = append(c.Evidence, "the standby of its name has to be there: bring it back")
		return
	}
	c.act("pg.slot.drop", map[string]string{"slot": slot})
}

// logFolder says how large the folder of the log is; "" where that is not known,
// or was read before the slot came to keep so much of it.
func (s *scene) logFolder(kept float64) string {
	f, ok := s.fact("db.wal.dir")
	if !ok || f.Value < kept {
		return ""
	}
	return "the folder of the log holds " + number(f.Value, f.Unit)
}

// pooler names a PgBouncer that is down or lets clients wait.
func (s *scene) pooler() []candidate {
	if h, ok := s.over("db.pooler.down"); ok {
		c := explain(weightPoolerDown, h)
		c.Summary = fmt.Sprintf("PgBouncer does not answer, %.0f attempts in a row", h.value)
		c.Evidence = s.symptomTexts()
		return []candidate{c}
	}
	h, ok := s.over("db.pooler.waiting")
	p, known := known(s, store.PoolerKey())
	if !ok || !known || len(p.Pools) == 0 {
		return nil
	}
	c := explain(weightPooler, h)
	c.Summary = fmt.Sprintf("%s at the pooler for a server connection, up to %s", waitText(p.Waiting()), ago(p.MaxWait()))
	busiest := p.Pools[0]
	c.Evidence = append(lines(fmt.Sprintf("pool %s/%s: %d of %d server connections in use", busiest.Database, busiest.User, busiest.Busy, busiest.Size)), s.symptomTexts()...)
	c.Against = lines(s.lockLine(), s.connectionLine())
	return []candidate{c}
}

func waitText(n int) string {
	if n == 1 {
		return "1 client waits"
	}
	return strconv.Itoa(n) + " clients wait"
}
