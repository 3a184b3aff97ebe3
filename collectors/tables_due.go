package collectors

import (
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
)

// autovacuum is a row of the query tables_settings: from where on a table is
// taken up.
type autovacuum struct {
	At           time.Time // the server's clock
	On           bool
	Vacuuming    float64
	VacuumScale  float64
	VacuumMax    float64 // -1 for no cap, and before PostgreSQL 18
	Inserts      float64 // -1 turns it off
	InsertScale  float64
	Analyzing    float64
	AnalyzeScale float64
	Freeze       float64
	Multi        float64
}

// tableRow is a row of the query tables.
type tableRow struct {
	model.Table
	InsSince    int64
	Estimate    int64 // reltuples; -1 or 0 when never analysed
	Pages       int64
	FrozenPages int64 // 0 before PostgreSQL 18, which alone counts with them
	Options     []string
}

// due computes from the settings and the table's own options what autovacuum
// will do, as the server does it.
func (r tableRow) due(s autovacuum) []model.Due {
	o := optionsOf(r.Options)
	rows := float64(max(r.Estimate, 0))
	vacuum := o.of("autovacuum_vacuum_threshold", s.Vacuuming) + o.of("autovacuum_vacuum_scale_factor", s.VacuumScale)*rows
	if limit := o.of("autovacuum_vacuum_max_threshold", s.VacuumMax); limit >= 0 {
		vacuum = min(vacuum, limit)
	}
	inserted := o.of("autovacuum_vacuum_insert_threshold", s.Inserts)
	if inserted >= 0 {
		inserted += o.of("autovacuum_vacuum_insert_scale_factor", s.InsertScale) * rows * r.unfrozen()
	}
	analyze := o.of("autovacuum_analyze_threshold", s.Analyzing) + o.of("autovacuum_analyze_scale_factor", s.AnalyzeScale)*rows
	if !s.On || r.AutovacuumOff {
		vacuum, inserted, analyze = -1, -1, -1
	}
	return []model.Due{
		{What: "vacuum", Have: r.Dead, At: int64(vacuum)},
		{What: "insert vacuum", Have: r.InsSince, At: int64(inserted)},
		{What: "analyze", Have: r.ModSince, At: int64(analyze)},
		{What: "freeze", Have: r.XIDAge, At: int64(min(o.of("autovacuum_freeze_max_age", s.Freeze), s.Freeze))},
		{What: "freeze multixacts", Have: r.MXIDAge, At: int64(min(o.of("autovacuum_multixact_freeze_max_age", s.Multi), s.Multi))},
	}
}

// unfrozen is the share of the pages that a vacuum would have to look at.
func (r tableRow) unfrozen() float64 {
	if r.Pages <= 0 {
		return 1
	}
	return max(1-float64(r.FrozenPages)/float64(r.Pages), 0)
}

// options are the storage options of a table.
type options map[string]string

func optionsOf(list []string) options {
	o := options{}
	for _, item := range list {
		if name, value, ok := strings.Cut(item, "="); ok {
			o[name] = value
		}
	}
	return o
}

// of gives an option as a number, or what holds without it.
func (o options) of(name string, otherwise float64) float64 {
	if v, err := strconv.ParseFloat(o[name], 64); err == nil {
		return v
	}
	return otherwise
}
