package actions

import (
	"context"
	"time"

	"tocsin/internal/pg"
)

// analyzeLockWait is how long ANALYZE queues for its lock.
const analyzeLockWait = 5 * time.Second

// analyzeNow is where ANALYZE tells how far it is.
const analyzeNow = `SELECT pid, phase, sample_blks_scanned AS done, sample_blks_total AS total FROM pg_stat_progress_analyze`

// Analyze declares ANALYZE of one table: new statistics for the planner.
// server is nil where no PostgreSQL is configured.
func Analyze(server *pg.Server) Action {
	u := upkeep{
		server: server, plan: planAnalyze, run: runAnalyze, lockWait: analyzeLockWait, progress: analyzeNow,
	}
	return u.declare(Action{
		ID: "pg.analyze", Title: "Analyze table", Verb: "analyze it", Danger: Reversible,
		Params: []Param{{Name: "table", Type: TypeTable, Help: "schema.name"}},
	})
}

func planAnalyze(ctx context.Context, conn *pg.Conn, args Args) (Plan, error) {
	t, err := readRelation(ctx, conn, args["table"])
	if err != nil {
		return Plan{}, err
	}
	locks, err := readQueue(ctx, conn, t.OID)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Target: t.name(), Args: Args{"table": t.name()}, Preflight: t.facts(), Refuse: t.mayMaintain("analyze", true),
		Steps: []string{setLockTimeout(analyzeLockWait), "ANALYZE " + t.Quoted},
		Notes: []Note{
			{"reads", "a sample of up to 30,000 pages, more where the statistics target is raised; the table has " + t.sizes()},
			{"changes", "the statistics of the planner: plans may become other ones from the next statement on, mostly better"},
			{"locks", "neither readers nor writers; ALTER TABLE and other maintenance of it wait"},
		},
	}
	p.Notes = append(p.Notes, locks.upkeep().waitNotes(": gives up after "+took(analyzeLockWait))...)
	p.Notes = append(p.Notes, Note{"can be cancelled", "at any moment; the old statistics stay"})
	return p, nil
}

func runAnalyze(ctx context.Context, r *upkeepRun) (Result, error) {
	began := time.Now()
	warned, err := r.maintained(ctx, r.p.Steps[1])
	if err != nil {
		return r.failed(err)
	}
	return Result{Done: r.p.Steps, Summary: "analyzed in " + took(time.Since(began)) + warned}, nil
}
