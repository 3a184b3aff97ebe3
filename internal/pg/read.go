package pg

import (
	"context"
	"fmt"
)

// List runs a statement and scans its rows into structs by column name
// (heap_bytes into HeapBytes).
func List[T any](ctx context.Context, s *Session, stmt Statement, args ...any) ([]T, error) {
	got, err := rowsOf[T](ctx, s, stmt, args)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", stmt.name, s.asked.fail(ctx, err))
	}
	return got, nil
}

// One runs a statement that has exactly one row.
func One[T any](ctx context.Context, s *Session, stmt Statement, args ...any) (T, error) {
	var none T
	got, err := List[T](ctx, s, stmt, args...)
	if err != nil {
		return none, err
	}
	if len(got) != 1 {
		return none, fmt.Errorf("read %s: %d rows instead of one", stmt.name, len(got))
	}
	return got[0], nil
}
