package collectors

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Indexes reads the indexes of the user's tables with what is wrong with them,
// and the foreign keys that have none. Source: pg_index, pg_stat_all_indexes,
// pg_constraint, pg_stat_progress_create_index, without a lock. Only which
// index is being built just now needs pg_read_all_stats.
type Indexes struct{ Server *pg.Server }

// indexRow is a row of the query indexes.
type indexRow struct {
	OID      int64
	Table    string
	Schema   string
	Name     string
	Bytes    int64
	Scans    int64
	LastScan *time.Time
	Unique   bool
	Primary  bool
	Valid    bool
	Leftover bool
	Unused   bool
}

// indexPrefix is a row of the query index_prefixes.
type indexPrefix struct{ Redundant, CoveredBy int64 }

// indexBuild is a row of the query index_builds.
type indexBuild struct {
	OID int64
	PID int
}

// Collect reads on the slow lane.
func (x Indexes) Collect(ctx context.Context) (model.Indexes, error) {
	return pg.Read(ctx, x.Server.Slow(), readIndexes)
}

func readIndexes(ctx context.Context, s *pg.Session) (model.Indexes, error) {
	rows, err := list[indexRow](ctx, s, "indexes")
	if err != nil {
		return model.Indexes{}, err
	}
	since, err := single[struct{ At *time.Time }](ctx, s, "index_since")
	if err != nil {
		return model.Indexes{}, err
	}
	out := model.Indexes{Since: since.At, Standby: s.Caps().Standby}
	byOID := make(map[int64]*model.Index, len(rows))
	out.Rows = make([]model.Index, len(rows))
	for i, r := range rows {
		out.Rows[i] = r.index()
		byOID[r.OID] = &out.Rows[i]
	}
	if err := markIndexes(ctx, s, byOID); err != nil {
		return model.Indexes{}, err
	}
	if !out.Standby && slices.ContainsFunc(out.Rows, model.Index.Broken) { // a standby never sees who builds it
		out.Hidden = blind(s.Caps(), "whether an invalid index is being built")
	}
	sortIndexes(out.Rows)
	out.Missing, err = list[model.ForeignKey](ctx, s, "index_foreign")
	return out, err
}

func (r indexRow) index() model.Index {
	return model.Index{
		OID: r.OID, Table: r.Table, Schema: r.Schema, Name: r.Name, Bytes: r.Bytes, Scans: r.Scans, LastScan: r.LastScan,
		Unique: r.Unique, Primary: r.Primary, Valid: r.Valid, Leftover: r.Leftover, Unused: r.Unused,
	}
}

// markIndexes finds the indexes that another one makes needless, and those
// that are being built.
func markIndexes(ctx context.Context, s *pg.Session, byOID map[int64]*model.Index) error {
	twins, err := list[struct{ Same []int64 }](ctx, s, "index_twins")
	if err != nil {
		return err
	}
	for _, t := range twins {
		markTwins(t.Same, byOID)
	}
	prefixes, err := list[indexPrefix](ctx, s, "index_prefixes")
	if err != nil {
		return err
	}
	for _, p := range prefixes {
		if longer := byOID[p.CoveredBy]; longer != nil && byOID[p.Redundant] != nil {
			byOID[p.Redundant].CoveredBy = longer.FullName()
		}
	}
	builds, err := list[indexBuild](ctx, s, "index_builds")
	for _, b := range builds {
		if byOID[b.OID] != nil {
			byOID[b.OID].BuiltBy = b.PID
		}
	}
	return err
}

// markTwins marks all but the first of indexes that are alike. Those of a
// partitioned table have no storage and are not listed.
func markTwins(same []int64, byOID map[int64]*model.Index) {
	first := byOID[same[0]]
	for _, oid := range same[1:] {
		if first != nil && byOID[oid] != nil {
			byOID[oid].TwinOf = first.FullName()
		}
	}
}

// sortIndexes puts the worst problem first, and the largest among its like.
func sortIndexes(rows []model.Index) {
	slices.SortFunc(rows, func(a, b model.Index) int {
		return cmp.Or(cmp.Compare(a.Problem(), b.Problem()), cmp.Compare(b.Bytes, a.Bytes),
			cmp.Compare(a.FullName(), b.FullName()))
	})
}
