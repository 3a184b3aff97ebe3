package ui

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// relationValues are what is read seldom of a database.
type relationValues struct {
	indexes    *model.Indexes
	bloat      *model.Bloat
	sequences  *model.Sequences
	wraparound *model.Wraparound
}

type relationCells struct {
	indexes    *store.Cell[model.Indexes]
	bloat      *store.Cell[model.Bloat]
	sequences  *store.Cell[model.Sequences]
	wraparound *store.Cell[model.Wraparound]
}

func relationCellsOf(s *store.Store, pg store.Source) relationCells {
	return relationCells{
		indexes: store.NewCell(s, store.IndexesKey(), pg), bloat: store.NewCell(s, store.BloatKey(), pg),
		sequences: store.NewCell(s, store.SequencesKey(), pg), wraparound: store.NewCell(s, store.WraparoundKey(), pg),
	}
}

func (c relationCells) put(v values, now time.Time) {
	write(c.indexes, v.relations.indexes, v, now)
	write(c.bloat, v.relations.bloat, v, now)
	write(c.sequences, v.relations.sequences, v, now)
	write(c.wraparound, v.relations.wraparound, v, now)
}

func calmRelations(now time.Time) relationValues {
	index := func(oid int64, table, name string, size, scans int64) model.Index {
		return model.Index{OID: oid, Table: "public." + table, Schema: "public", Name: name, Bytes: size, Scans: scans, Valid: true}
	}
	pkey := index(16421, "orders", "orders_pkey", 12<<20, 5_400_000)
	pkey.Primary, pkey.Unique, pkey.LastScan = true, true, ptr(now.Add(-time.Second))
	twin, unused, covered := index(16422, "orders", "orders_user_idx1", 3<<20, 20), index(16423, "events", "events_kind", 9<<20, 0), index(16424, "orders", "orders_user", 2<<20, 90)
	twin.TwinOf, unused.Unused, covered.CoveredBy = "public.orders_user_idx", true, "public.orders_user_created"
	toast := model.RelationAge{OID: 16450, Schema: "pg_toast", Name: "pg_toast_16402", ToastOf: "public.events", Bytes: 8 << 20, Distance: model.Distance{XIDAge: 1_200_000}}
	row := model.RelationAge{OID: 16401, Schema: "public", Name: "orders", Bytes: 61 << 20, Distance: model.Distance{XIDAge: 900_000, MXIDAge: 40_000}}
	return relationValues{
		indexes: &model.Indexes{Since: ptr(now.Add(-90 * 24 * time.Hour)), Rows: []model.Index{twin, covered, unused, pkey},
			Missing: []model.ForeignKey{{OID: 16431, Name: "order_items_order_fkey", Table: "public.order_items", RefersTo: "public.orders", Columns: []string{"order_id"}, Bytes: 40 << 20}}},
		bloat: &model.Bloat{Hidden: "role tocsin may not see the statistics of 1 table: GRANT SELECT ON ALL TABLES IN SCHEMA \"billing\" TO \"tocsin\"",
			Rows: []model.BloatedTable{
				{OID: 16401, Schema: "public", Name: "orders", HeapBytes: 610 << 20, BloatBytes: ptr(int64(230 << 20)), Readable: true, Rows: 600_000, ModSince: 1000},
				{OID: 16402, Schema: "public", Name: "events", HeapBytes: 24 << 20, ToastBytes: 90 << 20, BloatBytes: ptr(int64(1 << 20)), Readable: true, Rows: 50_000},
				{OID: 16460, Schema: "billing", Name: "Invoices", HeapBytes: 5 << 20},
			}},
		sequences: &model.Sequences{Rows: []model.Sequence{
			{OID: 16441, Schema: "public", Name: "events_id_seq", Type: "bigint", Readable: true, Last: ptr(int64(1_500_000_000)), Min: 1, Max: 1<<63 - 1,
				Increment: 1, Table: "public.events", Column: "id", ColumnType: "integer"},
			{OID: 16442, Schema: "public", Name: "orders_id_seq", Type: "bigint", Readable: true, Last: ptr(int64(60_000)), Min: 1, Max: 1<<63 - 1,
				Increment: 1, Table: "public.orders", Column: "id", ColumnType: "bigint"},
		}},
		wraparound: &model.Wraparound{FreezeAge: 200_000_000, MultiFreezeAge: 400_000_000,
			Databases: []model.DatabaseAge{{Name: "shop", Distance: toast.Distance}, {Name: "postgres", Distance: row.Distance}},
			Relations: []model.RelationAge{toast, row}},
	}
}

// withParts adds a partitioned table, and what is due to the others.
func withParts(t *model.Tables, now time.Time) *model.Tables {
	for i := range t.Rows {
		row := &t.Rows[i]
		row.Due = []model.Due{
			{What: "vacuum", Have: row.Dead, At: 50 + row.Live/5}, {What: "analyze", Have: row.ModSince, At: 50 + row.Live/10},
			{What: "freeze", Have: row.XIDAge, At: 200_000_000},
		}
	}
	t.Rows[0].GrowthPerDay = ptr(float64(3 << 20))
	t.Parents = []model.TableParent{{OID: 16500, Schema: "public", Name: "Visits"}}
	for i, name := range []string{"visits_2026_10", "visits_2026_11"} {
		part := model.Table{OID: 16501 + int64(i), Parent: 16500, Schema: "public", Name: name, HeapBytes: 20 << 20, Live: 40_000, Dead: 400,
			SeqScans: 40, SeqRows: 1_600_000, IdxScans: 9, XIDAge: 2000, LastVacuum: ptr(now.Add(-time.Hour))}
		part.Due = []model.Due{{What: "vacuum", Have: 400, At: -1}, {What: "analyze", Have: int64(6000 * i), At: 4050}}
		t.Rows = append(t.Rows, part)
	}
	return t
}
