// Package testkit is what tests share: real servers that end with the test, a
// terminal that a program under test is driven through, the text of a screen,
// and golden files. Only tests import it; it must hold no copy of what the
// product does, or the product would be tested against itself.
package testkit

import (
	"context"
	"testing"
	"time"
)

// endWithin bounds what a cleanup may wait for: a server or program that does
// not end in this time is reported and killed.
const endWithin = 15 * time.Second

// atEnd runs end when the test is over. The context of a test is cancelled
// before its cleanups run, so end gets one of its own.
func atEnd(t testing.TB, end func(context.Context) error) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), endWithin)
		defer cancel()
		if err := end(ctx); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
}
