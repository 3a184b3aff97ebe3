package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

const (
	// vacuumLockWait is how long a vacuum queues for its lock: whoever comes
	// after it in the queue waits too.
	vacuumLockWait  = 5 * time.Second
	vacuumProgress  = time.Second
	statisticsLimit = 2 * time.Second
)

// Vacuum declares VACUUM (ANALYZE) of one table. server is nil where no
// PostgreSQL is configured.
func Vacuum(server *pg.Server) Action {
	return Action{
		ID: "pg.vacuum", Title: "Vacuum table", Verb: "vacuum it", Key: 'V', Danger: Disruptive,
		Params:   []Param{{Name: "table", Type: TypeTable, Help: "schema.name"}},
		Measures: []Measure{{Name: "dead rows", Metric: deadRows, Better: Lower, Within: time.Minute}},
		Blocked:  noServer(server),
		Plan: func(ctx context.Context, args Args) (Plan, error) {
			return planVacuum(ctx, server, args["table"])
		},
		Run: func(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
			return runVacuum(ctx, server, p, step)
		},
	}
}

// planVacuum looks for all that makes a vacuum wait, fail or do nothing.
func planVacuum(ctx context.Context, server *pg.Server, name string) (Plan, error) {
	conn, err := server.Spare(ctx)
	if err != nil {
		return Plan{}, err
	}
	defer conn.Close()
	quoted, oid, err := conn.QuoteTable(ctx, name)
	if err != nil {
		return Plan{}, err
	}
	t, err := readTable(ctx, conn, oid)
	if err != nil {
		return Plan{}, err
	}
	holders, err := snapshotHolders(ctx, conn, keptSnapshot)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Target:    t.name(),
		Args:      Args{"table": t.name()},
		Steps:     []string{lockTimeout, "VACUUM (ANALYZE) " + quoted},
		Refuse:    t.fault(),
		Preflight: t.facts(),
		Measures:  []Measure{{Name: "dead rows", Metric: deadRows, Labels: model.Labels{"table": t.name()}, Better: Lower, Within: time.Minute}},
	}
	if len(holders) > 0 {
		p.Preflight["snapshot_held_by"] = holders[0].who()
		p.Notes = append(p.Notes, Note{"frees nothing", "of what died since the snapshot of " + holders[0].who() + ": that stays until it ends"})
	}
	p.Notes = append(p.Notes, t.notes()...)
	return p, nil
}

const lockTimeout = "SET lock_timeout = '5s'"

// runVacuum sends the statement of the plan, alone and outside a transaction,
// and reads what the server says beside it: a vacuum that it skips succeeds.
func runVacuum(ctx context.Context, server *pg.Server, p Plan, step func(Progress)) (Result, error) {
	conn, err := server.Action(ctx)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close()
	oid, before, err := prepareVacuum(ctx, conn, p)
	if err != nil {
		return Result{}, err
	}
	held, err := snapshotHolders(ctx, conn, 0) // who is gone when it ends has kept rows all the same
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		followVacuum(ended, server, conn.PID(), step)
	}()
	_, said, err := conn.Exec(ctx, p.Steps[len(p.Steps)-1])
	close(ended)
	<-watched
	if err != nil {
		return unfinished(server, conn.PID(), err)
	}
	result := Result{Done: p.Steps, Summary: "vacuumed in " + took(time.Since(began))}
	if why := warning(said); why != "" {
		if !vacuumed(server, oid, before) {
			return Result{}, errors.New("the server did nothing: " + why)
		}
		result.Summary += ", with a warning (" + why + ")"
	}
	return withDeadRows(server, result, oid, tableWas{before, held}), nil
}

// prepareVacuum sets up the connection and looks at the table as it is now.
func prepareVacuum(ctx context.Context, conn *pg.Conn, p Plan) (oid int64, before tableState, err error) {
	for _, set := range []string{
		"SET statement_timeout = 0",
		lockTimeout,
		"SET application_name = '" + model.OwnApp + ":" + strings.Trim(p.ID, `'\`) + "'",
	} {
		if _, _, err := conn.Exec(ctx, set); err != nil {
			return 0, tableState{}, err
		}
	}
	quoted, oid, err := conn.QuoteTable(ctx, p.Args["table"])
	if err != nil {
		return 0, tableState{}, err
	}
	if !strings.HasSuffix(p.Steps[len(p.Steps)-1], " "+quoted) {
		return 0, tableState{}, fmt.Errorf("%s is another table by now: nothing was done", p.Target)
	}
	before, err = readTable(ctx, conn, oid)
	return oid, before, err
}

// vacuumed tells whether the server counted a vacuum of the table since: a
// skipped one is not counted, one with warnings is.
func vacuumed(server *pg.Server, oid int64, before tableState) bool {
	ctx, cancel := context.WithTimeout(context.Background(), statisticsLimit)
	defer cancel()
	conn, err := server.Spare(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	_, err = settledTable(ctx, conn, oid, before) // the end of ctx is an error
	return err == nil
}

// warning is the first warning among what the server said; "" when it has none.
func warning(said []string) string {
	for _, line := range said {
		level, text, _ := strings.Cut(line, ": ")
		switch level {
		case "INFO", "NOTICE", "LOG", "DEBUG":
			continue
		}
		return text
	}
	return ""
}

// unfinished tells a vacuum that failed or was stopped, which the server has to
// confirm, from one that may still run.
func unfinished(server *pg.Server, pid int, err error) (Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), signalLimit)
	defer cancel()
	conn, lookErr := server.Spare(ctx)
	if lookErr != nil {
		return Result{Unsure: "whether the vacuum still runs could not be read: " + lookErr.Error()}, err
	}
	defer conn.Close()
	still := signal{
		word: "ended",
		left: `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE 'VACUUM%')`,
	}
	if waitErr := still.wait(ctx, conn, []any{int64(pid)}); waitErr != nil {
		return Result{Unsure: fmt.Sprintf("the vacuum may still run as pid %d: %v", pid, waitErr)}, err
	}
	return Result{}, err
}

// followVacuum shows the progress until the vacuum has ended. It reads on the
// spare connection and gives up quietly where that is in use.
func followVacuum(ended <-chan struct{}, server *pg.Server, pid int, step func(Progress)) {
	tick := time.NewTicker(vacuumProgress)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		if p, ok := vacuumAt(server, pid); ok {
			step(p)
		}
	}
}

// vacuumAt reads how far the vacuum of one backend is.
func vacuumAt(server *pg.Server, pid int) (Progress, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), vacuumProgress)
	defer cancel()
	conn, err := server.Spare(ctx)
	if err != nil {
		return Progress{}, false
	}
	defer conn.Close()
	const sql = `SELECT phase, heap_blks_scanned, heap_blks_total FROM pg_stat_progress_vacuum WHERE pid = $1`
	var phase string
	var done, total int64
	if conn.QueryRow(ctx, sql, int64(pid)).Scan(&phase, &done, &total) != nil {
		return Progress{Text: "waits for its lock, or analyzes", Part: -1}, true
	}
	p := Progress{Text: phase, Part: -1}
	if total > 0 && phase == "scanning heap" {
		p.Part = float64(done) / float64(total)
		p.Text = fmt.Sprintf("%s %.0f %%", phase, 100*p.Part)
	}
	return p, true
}

// tableWas is a table right before its vacuum, and who held snapshots then,
// the oldest first.
type tableWas struct {
	tableState
	held []holder
}

// withDeadRows adds the dead rows before and after, as the server counts them
// when the vacuum has ended, and who kept those that are left.
func withDeadRows(server *pg.Server, result Result, oid int64, before tableWas) Result {
	ctx, cancel := context.WithTimeout(context.Background(), statisticsLimit)
	defer cancel()
	conn, err := server.Spare(ctx)
	if err != nil {
		return result // the measures of the plan tell the effect instead
	}
	defer conn.Close()
	after, err := settledTable(ctx, conn, oid, before.tableState)
	if err != nil {
		return result
	}
	result.Summary += fmt.Sprintf(": %s → %s", count(before.Dead, "dead row"), count(after.Dead, "dead row"))
	from, to := before.deadPct(), after.deadPct()
	effect := Effect{Name: "dead rows", Metric: deadRows, Unit: model.Percent, Labels: model.Labels{"table": before.name()}, Before: &from}
	if to <= from {
		effect.After = &to // above that, what died meanwhile hides what it did
	}
	result.Effects = []Effect{effect}
	if len(before.held) > 0 && after.Dead > before.Dead/2 {
		result.Summary += ", kept for " + before.held[0].who()
	}
	return result
}

// settledTable waits for the statistics of the vacuum to arrive.
func settledTable(ctx context.Context, conn *pg.Conn, oid int64, before tableState) (tableState, error) {
	tick := time.NewTicker(5 * gonePoll)
	defer tick.Stop()
	for {
		now, err := readTable(ctx, conn, oid)
		if err != nil || now.Vacuums > before.Vacuums {
			return now, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return tableState{}, ctx.Err()
		}
	}
}
