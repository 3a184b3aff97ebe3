package model

import "cmp"

// Storage is the file systems that hold the files of a PostgreSQL server, as
// far as they can be seen: those of this machine. Source: data_directory
// (pg_settings), pg_tablespace_location(), the file systems.
type Storage struct {
	Volumes []Volume // fullest first
	Away    string   // why nothing can be seen from this machine; "" when it can
	Hidden  string   // what the role may not see and the grant that opens it; "" when all is seen
}

// Volume is one file system and what the server keeps on it.
type Volume struct {
	Disk
	Holds []string // "data directory", "tablespace NAME"
}

// Facts implements the snapshot of the store.
func (s Storage) Facts() []Fact {
	if why := cmp.Or(s.Hidden, s.Away); why != "" {
		return []Fact{Unknown("db.disk.used", Percent, nil, why), Unknown("db.disk.free", Bytes, nil, why)}
	}
	var facts []Fact
	for _, v := range s.Volumes {
		labels := Labels{"fs": v.Mount}
		pct, ok := v.UsedPct()
		if !ok {
			facts = append(facts, Unknown("db.disk.used", Percent, labels, v.Why), Unknown("db.disk.free", Bytes, labels, v.Why))
			continue
		}
		facts = append(facts, Known("db.disk.used", pct, Percent, labels), Known("db.disk.free", float64(v.Total-v.Used), Bytes, labels))
		if v.FullIn != nil {
			facts = append(facts, Known("db.disk.full_in", v.FullIn.Hours(), Hours, labels))
		}
	}
	return facts
}
