package collectors

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
)

func TestDue(t *testing.T) {
	t.Parallel()
	stock := autovacuum{
		On: true, Vacuuming: 50, VacuumScale: 0.2, VacuumMax: -1, Inserts: 1000, InsertScale: 0.2,
		Analyzing: 50, AnalyzeScale: 0.1, Freeze: 200e6, Multi: 400e6,
	}
	capped, off := stock, stock
	capped.VacuumMax, off.On = 1000, false
	row := tableRow{Estimate: 10_000, Pages: 100}
	tests := []struct {
		name     string
		settings autovacuum
		change   func(*tableRow)
		want     [5]int64 // vacuum, insert vacuum, analyze, freeze, multixacts
	}{
		{"as shipped", stock, func(*tableRow) {}, [5]int64{2050, 3000, 1050, 200e6, 400e6}},
		{"never analysed", stock, func(r *tableRow) { r.Estimate = -1 }, [5]int64{50, 1000, 50, 200e6, 400e6}},
		{"capped", capped, func(*tableRow) {}, [5]int64{1000, 3000, 1050, 200e6, 400e6}},
		{"half frozen", stock, func(r *tableRow) { r.FrozenPages = 50 }, [5]int64{2050, 2000, 1050, 200e6, 400e6}},
		{"off for all", off, func(*tableRow) {}, [5]int64{-1, -1, -1, 200e6, 400e6}},
		{"off for it", stock, func(r *tableRow) { r.AutovacuumOff = true }, [5]int64{-1, -1, -1, 200e6, 400e6}},
		{"options of its own", stock, func(r *tableRow) {
			r.Options = []string{"autovacuum_vacuum_scale_factor=0.01", "autovacuum_vacuum_insert_threshold=-1", "autovacuum_freeze_max_age=100000000"}
		}, [5]int64{150, -1, 1050, 100e6, 400e6}},
		{"a freeze age that is only lowered", stock, func(r *tableRow) { r.Options = []string{"autovacuum_freeze_max_age=900000000"} },
			[5]int64{2050, 3000, 1050, 200e6, 400e6}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := row
			tt.change(&r)
			var got [5]int64
			for i, d := range r.due(tt.settings) {
				got[i] = d.At
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	c, now := &Tables{}, time.Unix(0, 0)
	size := int64(0)
	read := func(after time.Duration, grown int64) *float64 {
		now, size = now.Add(after), size+grown
		rows := []model.Table{{OID: 1, HeapBytes: size}}
		c.grow(now, rows)
		return rows[0].GrowthPerDay
	}
	if got := read(0, 100); got != nil {
		t.Errorf("first reading: %v", *got)
	}
	if got := read(10*time.Minute, 100); got != nil {
		t.Errorf("too soon: %v", *got)
	}
	if got := read(50*time.Minute, 100); got == nil || *got != 200*24 {
		t.Errorf("after an hour: %v", got)
	}
	for range 60 {
		read(time.Hour, 10)
	}
	if got := read(time.Hour, 10); got == nil || *got != 240 || len(c.sizes) > 26 {
		t.Errorf("of the last day: %v, %d sizes", *got, len(c.sizes))
	}
}
