package pg

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/model"
)

// undoLimit bounds the end of a transaction whose reading was given up.
const undoLimit = 300 * time.Millisecond

// Numbers runs a statement that somebody wrote, in a transaction of its own
// that is read-only and bounded by the server also behind a pooler, and gives
// the numbers of its only row; nil for NULL and for what is no finite number.
// It goes over the extended protocol, which takes no second statement.
func Numbers(ctx context.Context, s *Session, sql string) (out []*float64, err error) {
	tx, err := s.lane.conn.conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, s.asked.fail(ctx, err)
	}
	defer func() {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
		defer cancel()
		if lost := tx.Rollback(undo); lost != nil && err == nil {
			err = s.asked.fail(undo, lost)
		}
	}()
	limit := fmt.Sprintf("SET LOCAL statement_timeout = %d", s.lane.limits.statement.Milliseconds())
	for _, setting := range []string{limit, "SET LOCAL lock_timeout = 250"} {
		if _, err := tx.Exec(ctx, setting); err != nil {
			return nil, s.asked.fail(ctx, err)
		}
	}
	rows, err := tx.Query(ctx, sql, pgx.QueryExecModeExec)
	if err != nil {
		return nil, s.asked.fail(ctx, err)
	}
	out, err = oneRow(rows)
	if wrong := (*model.Fail)(nil); err != nil && !errors.As(err, &wrong) {
		return nil, s.asked.fail(ctx, err)
	}
	return out, err
}

// oneRow takes the numbers of the only row.
func oneRow(rows pgx.Rows) ([]*float64, error) {
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, noNumber("it has no row")
	}
	out := make([]*float64, len(rows.FieldDescriptions()))
	into := make([]any, len(out))
	for i := range out {
		into[i] = &out[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, noNumber(err.Error())
	}
	for i, v := range out {
		if v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0)) {
			out[i] = nil
		}
	}
	if rows.Next() {
		return nil, noNumber("it has more than one row")
	}
	return out, rows.Err()
}

func noNumber(text string) error {
	return &model.Fail{Class: model.Protocol, Text: text, Hint: "the statement has to give one row of numbers"}
}
