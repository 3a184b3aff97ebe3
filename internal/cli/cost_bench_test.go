package cli

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shirou/gopsutil/v3/process"

	"tocsin/internal/config"
	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/sched"
	"tocsin/internal/store"
	"tocsin/internal/testkit"
)

var span = flag.Duration("span", time.Minute, "how long BenchmarkServerCost looks at each server")

// The server that is watched.
const (
	costIdle       = 300
	costActive     = 10
	costStatements = 5000
	costTables     = 2000
	costTextBytes  = 5000
)

// BenchmarkServerCost reports what the dashboard's sources cost a PostgreSQL
// server at their default intervals, in percent of one core: the processor time
// of the backends that serve us and, up to 14, of the statistics collector,
// which works for us alone here. The server has 300 idle and 10 active sessions,
// 5,000 statements of 5 KB and 2,000 tables.
//
// %core is a steady minute, with a fifth of what is read every five minutes;
// %core-first is the first minute, in which everything is read for the first
// time. %core-naive is what two of the readings alone would cost if they were
// read as they are often: statements with their texts each time, and tables
// with their exact sizes; %core-two is what they cost here, by our clock.
func BenchmarkServerCost(b *testing.B) {
	for _, major := range testkit.Majors() {
		b.Run(fmt.Sprint(major), func(b *testing.B) {
			c := newCosts(b, major)
			for b.Loop() {
				c.measure(b)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// costs is a server under observation.
type costs struct {
	server *local.Postgres
	admin  *pgx.Conn
}

func newCosts(b *testing.B, major int) *costs {
	b.Helper()
	server := testkit.PostgresMajor(b, major, local.PostgresOptions{Settings: map[string]string{
		"max_connections": "400", "shared_buffers": "128MB", "autovacuum": "off", "pg_stat_statements.max": "10000",
	}})
	c := &costs{server: server, admin: testkit.Connect(b, server.DSN("postgres", "postgres")+" application_name=admin")}
	testkit.Exec(b, c.admin, "CREATE EXTENSION pg_stat_statements", "CREATE ROLE watch LOGIN", "GRANT pg_monitor TO watch", makeTables)
	for i := range costStatements {
		table, kind := i%costTables, i/costTables
		text := fmt.Sprintf("SELECT %s /* %s */ FROM t%d LIMIT 0", []string{"id", "body", "id, body"}[kind], strings.Repeat("x", costTextBytes), table+1)
		testkit.Exec(b, c.admin, text)
	}
	testkit.Exec(b, c.admin, "VACUUM ANALYZE")
	for range costIdle {
		testkit.Connect(b, server.DSN("postgres", "postgres")+" application_name=idle")
	}
	for i := range costActive {
		busy(b, server, fmt.Sprintf("SELECT pg_sleep(2) /* %s %d */", strings.Repeat("x", 800), i))
	}
	return c
}

// makeTables makes tables with two indexes and a TOAST table each.
var makeTables = fmt.Sprintf(`DO $$ BEGIN FOR i IN 1..%d LOOP
EXECUTE format('CREATE TABLE t%%s (id int PRIMARY KEY, body text)', i);
EXECUTE format('CREATE INDEX ON t%%s (body)', i);
EXECUTE format('INSERT INTO t%%s SELECT g, g FROM generate_series(1, 100) g', i);
END LOOP; END $$`, costTables)

// busy keeps a session active until the benchmark ends.
func busy(b *testing.B, server *local.Postgres, sql string) {
	b.Helper()
	conn := testkit.Connect(b, server.DSN("postgres", "postgres")+" application_name=busy")
	repeat(b, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

// repeat does something again and again until the benchmark ends.
func repeat(b *testing.B, do func(context.Context) error) {
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil && do(ctx) == nil {
			continue
		}
	}()
	b.Cleanup(func() {
		cancel()
		<-done
	})
}

// measure runs the sources for twice the span: the first has the first reading
// of everything, the second is a steady one.
func (c *costs) measure(b *testing.B) {
	p, err := wire(config.Valid{State: b.TempDir()}, config.Target{Name: "bench", Postgres: &config.Postgres{DSN: c.server.DSN("postgres", "watch")}}, true)
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	c.naively(b)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	before := c.collector(b)
	go func() {
		sched.Run(ctx, p.jobs...)
		close(done)
	}()
	pass(b, *span)
	first, rude, two := c.ours(b), c.backends(b, naive), p.two()
	pass(b, *span)
	percent := func(seconds float64) float64 { return 100 * seconds / span.Seconds() }
	b.ReportMetric(percent(c.backends(b, naive)-rude), "%core-naive")
	b.ReportMetric(percent((p.two() - two).Seconds()), "%core-two")
	b.ReportMetric(percent(first-before), "%core-first")
	steady := c.ours(b) - first
	b.ReportMetric(percent(steady)+100*c.rare(b, p)/rareEvery.Seconds(), "%core")
	cancel()
	<-done
	c.tell(b, p)
}

// rareEvery is the interval of what is read most seldom.
const rareEvery = 5 * time.Minute

// rare is the processor time of one more reading of what is read so seldom.
func (c *costs) rare(b *testing.B, p *program) float64 {
	b.Helper()
	before := c.ours(b)
	rare := p.jobsNamed(func(name string) bool {
		return slices.ContainsFunc(p.jobs, func(j sched.Job) bool { return j.Name == name && j.Timing.Every >= rareEvery })
	})
	sched.Once(b.Context(), 0, rare...)
	return c.ours(b) - before
}

// two is the time, by our clock, of the two readings that are compared.
func (p *program) two() time.Duration {
	spent := p.postgres.Usage().Sources
	return spent[store.StatementsKey().Name] + spent[store.TablesKey().Name]
}

// naive is the application_name of what reads as it is often done.
const naive = "naive"

// naively reads statements and tables as it is often done, at our intervals,
// each on a connection of its own, until the benchmark ends.
func (c *costs) naively(b *testing.B) {
	b.Helper()
	for sql, every := range map[string]time.Duration{
		"SELECT * FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 50":                     10 * time.Second,
		"SELECT oid, relname, pg_total_relation_size(oid) AS bytes FROM pg_class WHERE relkind = 'r'": 15 * time.Second,
	} {
		conn := testkit.Connect(b, c.server.DSN("postgres", "postgres")+" application_name="+naive)
		repeat(b, func(ctx context.Context) error {
			_, err := conn.Exec(ctx, sql)
			select {
			case <-ctx.Done():
			case <-time.After(every):
			}
			return err
		})
	}
}

// tell logs what each source took, by our clock, and which ones it slowed down.
func (c *costs) tell(b *testing.B, p *program) {
	spent := p.postgres.Usage().Sources
	for _, src := range p.store.View().Sources() {
		if src.Group == "postgres" {
			b.Logf("%-16s %6d ms %s", src.Name, spent[src.Name].Milliseconds(), src.Note)
		}
	}
}

// ours is the processor time so far, in seconds, of the backends that serve us
// and of the statistics collector.
func (c *costs) ours(b *testing.B) float64 { return c.backends(b, model.OwnApp) + c.collector(b) }

// backends is the processor time so far of all sessions of an application.
func (c *costs) backends(b *testing.B, app string) float64 {
	b.Helper()
	pids := testkit.One[[]int32](b, c.admin, "SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity WHERE application_name = $1", app)
	total := 0.0
	for _, pid := range pids {
		total += seconds(b, pid)
	}
	return total
}

// collector is the processor time of the statistics collector, up to 14.
func (c *costs) collector(b *testing.B) float64 {
	b.Helper()
	for _, pid := range local.Children(c.server.PID()) {
		proc, err := process.NewProcess(int32(pid))
		if err != nil {
			continue // it has ended
		}
		if title, err := proc.Cmdline(); err == nil && strings.Contains(title, "stats collector") {
			return seconds(b, int32(pid))
		}
	}
	return 0
}

func seconds(b *testing.B, pid int32) float64 {
	b.Helper()
	proc, err := process.NewProcess(pid)
	if err != nil {
		b.Fatal(err)
	}
	times, err := proc.Times()
	if err != nil {
		b.Fatal(err)
	}
	return times.User + times.System
}

func pass(b *testing.B, d time.Duration) {
	b.Helper()
	select {
	case <-time.After(d):
	case <-b.Context().Done():
		b.Fatal(b.Context().Err())
	}
}
