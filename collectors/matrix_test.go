package collectors

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

// need is the right without which a source does not see all.
type need int

const (
	nothing   need = iota
	stats          // pg_read_all_stats, of which pg_monitor is a member
	others         // the same, where others do something of the kind
	monitor        // pg_monitor
	tables         // SELECT on the tables
	sequences      // SELECT on the sequences
)

// source is one collector of the matrix.
type source struct {
	name  string // of its type
	needs need
	open  func(*pg.Server) func(context.Context) (any, error) // what reads it
}

// gaugeSQL is a statement as somebody may write it into the configuration.
const gaugeSQL = "SELECT 1"

// sources are all collectors of a PostgreSQL server. TestMatrixIsComplete
// fails when one is not here.
func sources() []source {
	return []source{
		{"Activity", stats, opens(func(s *pg.Server) collector[model.Activity] { return Activity{Server: s} })},
		{"Archiver", monitor, opens(func(s *pg.Server) collector[model.Archiver] { return Archiver{Server: s} })},
		{"Bloat", tables, opens(func(s *pg.Server) collector[model.Bloat] { return Bloat{Server: s} })},
		{"Checkpoints", nothing, opens(func(s *pg.Server) collector[model.Checkpoints] { return Checkpoints{Server: s} })},
		{"Connections", stats, opens(func(s *pg.Server) collector[model.Connections] { return Connections{Server: s} })},
		{"Databases", nothing, opens(func(s *pg.Server) collector[model.Databases] { return &Databases{Server: s} })},
		{"Horizon", others, opens(func(s *pg.Server) collector[model.Horizon] { return Horizon{Server: s} })},
		{"IO", nothing, opens(func(s *pg.Server) collector[model.IO] { return &IO{Server: s} })},
		{"Indexes", others, opens(func(s *pg.Server) collector[model.Indexes] { return Indexes{Server: s} })},
		{"Own", nothing, opens(func(s *pg.Server) collector[model.Own] { return &Own{Server: s} })},
		{"Progress", others, opens(func(s *pg.Server) collector[model.Progress] { return Progress{Server: s} })},
		{"Replication", stats, opens(func(s *pg.Server) collector[model.Replication] { return &Replication{Server: s} })},
		{"SQLGauge", nothing, opens(func(s *pg.Server) collector[model.Gauge] { return SQLGauge{Server: s, SQL: gaugeSQL} })},
		{"Sequences", sequences, opens(func(s *pg.Server) collector[model.Sequences] { return Sequences{Server: s} })},
		{"Settings", monitor, opens(func(s *pg.Server) collector[model.Settings] { return &Settings{Server: s} })},
		{"Slots", nothing, opens(func(s *pg.Server) collector[model.Slots] { return Slots{Server: s} })},
		{"Statements", stats, opens(func(s *pg.Server) collector[model.Statements] { return &Statements{Server: s} })},
		{"Storage", monitor, opens(func(s *pg.Server) collector[model.Storage] { return &Storage{Server: s, Now: time.Now} })},
		{"Tables", nothing, opens(func(s *pg.Server) collector[model.Tables] { return &Tables{Server: s} })},
		{"WAL", monitor, opens(func(s *pg.Server) collector[model.WAL] { return &WAL{Server: s} })},
		{"Wraparound", nothing, opens(func(s *pg.Server) collector[model.Wraparound] { return Wraparound{Server: s} })},
	}
}

func opens[T any](make func(*pg.Server) collector[T]) func(*pg.Server) func(context.Context) (any, error) {
	return func(s *pg.Server) func(context.Context) (any, error) {
		c := make(s)
		return func(ctx context.Context) (any, error) { return c.Collect(ctx) }
	}
}

// onePair is the databases of the matrix on a primary and its standby.
type onePair struct {
	empty   database // nothing is in it, and nothing else goes on while it is read
	loaded  database
	replica database // loaded as the standby has it
}

// plainRole is one whose name has to be quoted.
const plainRole = "Plain-Watch"

// situation is a database as a role sees it.
type situation struct {
	name  string
	at    database
	role  string
	lacks []need // what the role is told to get
}

// readMatrix reads every source in every situation on a primary and its
// standby, and lets the servers say that every query of ours was run.
func readMatrix(t *testing.T, p onePair) {
	readAll(t, []situation{{"empty", p.empty, "postgres", nil}, {"empty", p.empty, plainRole, []need{stats, monitor}}})
	p.load(t)
	readAll(t, append(p.seenBy("loaded", p.loaded, others), p.seenBy("standby", p.replica)...))
	t.Run("through PgBouncer", func(t *testing.T) { p.readPooled(t) })
	t.Run("opened up", func(t *testing.T) { p.openUp(t) })
	p.everyQueryRan(t)
}

// seenBy is a database with tables and sequences as every role sees it. blind
// is what a role without any right does not see.
func (p onePair) seenBy(name string, at database, blind ...need) []situation {
	hosted := []need{tables, sequences} // there is no pg_read_all_data
	if at.major >= 14 {
		hosted = nil
	}
	return []situation{
		{name, at, "postgres", nil}, {name, at, "hosted", hosted}, {name, at, "monitor", []need{tables, sequences}},
		{name, at, "reader", []need{monitor, tables, sequences}}, {name, at, plainRole, append(blind, stats, monitor, tables, sequences)},
	}
}

func readAll(t *testing.T, list []situation) {
	for _, s := range list {
		t.Run(s.name+" as "+s.role, func(t *testing.T) { s.readAll(t) })
	}
}

// readPooled reads through a pooler that gives each statement to another session.
func (p onePair) readPooled(t *testing.T) {
	server, err := pg.Open(pg.Config{DSN: testkit.Pooler(t, p.loaded.server).DSN(p.loaded.name)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for _, src := range sources() {
		src.check(t, server, "")
	}
}

// readAll reads every source twice in one situation.
func (s situation) readAll(t *testing.T) {
	server := s.at.watch(t, s.role)
	for _, src := range sources() {
		if src.name == "Statements" && s.name == "empty" {
			wantAbsent(t, src, server)
			continue
		}
		src.check(t, server, s.hint(src.needs))
	}
}

// hint is the statement that a source tells its role to have run; "" for none.
func (s situation) hint(n need) string {
	if !slices.Contains(s.lacks, n) {
		return ""
	}
	to := ` TO "` + s.role + `"`
	return map[need]string{
		stats: "GRANT pg_monitor" + to, others: "GRANT pg_monitor" + to, monitor: "GRANT pg_monitor" + to,
		tables:    `GRANT SELECT ON ALL TABLES IN SCHEMA "My Shop", "Shop", "public"` + to,
		sequences: `GRANT SELECT ON ALL SEQUENCES IN SCHEMA "My Shop", "public"` + to,
	}[n]
}

// check reads a source twice. Both times it must work, say what is missing and
// how to get it, and give no nonsense.
func (src source) check(t *testing.T, server *pg.Server, hint string) {
	t.Helper()
	collect := src.open(server)
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		got, err := collect(ctx)
		cancel()
		if err != nil {
			t.Errorf("%s: %v", src.name, err)
			return
		}
		if hidden := hiddenIn(got); (hidden == "") != (hint == "") || !strings.HasSuffix(hidden, hint) {
			t.Errorf("%s says %q, want the hint %q", src.name, hidden, hint)
		}
		src.checkFacts(t, got, hint)
	}
}

// hiddenIn is what a snapshot says that the role may not see.
func hiddenIn(snapshot any) string {
	field := reflect.ValueOf(snapshot).FieldByName("Hidden")
	if !field.IsValid() {
		return ""
	}
	return field.String()
}

// checkFacts lets no number pass that cannot be, and none that is not known
// without a reason. Of those that a right is missing for, that right is one.
func (src source) checkFacts(t *testing.T, snapshot any, hint string) {
	t.Helper()
	facts, ok := snapshot.(interface{ Facts() []model.Fact })
	if !ok {
		t.Errorf("%s gives no facts", src.name)
		return
	}
	for _, f := range facts.Facts() {
		switch {
		case f.Known && (math.IsNaN(f.Value) || math.IsInf(f.Value, 0) || f.Value < 0):
			t.Errorf("%s: %s %v is %v", src.name, f.Name, f.Labels, f.Value)
		case !f.Known && f.Why == "":
			t.Errorf("%s: %s %v is not known, without a reason", src.name, f.Name, f.Labels)
		case !f.Known && strings.Contains(f.Why, "GRANT") && hint == "":
			t.Errorf("%s: %s %v is not known: %s", src.name, f.Name, f.Labels, f.Why)
		}
	}
}

// wantAbsent expects the statement that makes the extension.
func wantAbsent(t *testing.T, src source, server *pg.Server) {
	t.Helper()
	_, err := src.open(server)(t.Context())
	fail, ok := errors.AsType[*model.Fail](err)
	if !ok || fail.Class != model.Missing || !strings.HasPrefix(fail.Hint, "CREATE EXTENSION pg_stat_statements;") {
		t.Errorf("without the extension: %v", err)
	}
}

// openUp runs exactly what a plain role was told, as the superuser, after which
// it sees all.
func (p onePair) openUp(t *testing.T) {
	told := situation{role: plainRole, lacks: []need{stats, tables, sequences}}
	for _, n := range told.lacks {
		testkit.Exec(t, p.loaded.admin(t), told.hint(n))
	}
	testkit.Exec(t, p.empty.admin(t), "CREATE EXTENSION pg_stat_statements")
	readAll(t, []situation{{"empty but for pg_stat_statements", p.empty, plainRole, nil}, {"loaded", p.loaded, plainRole, nil}})
}
