package demo

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// errPartFailed ends a world one of whose parts has failed.
var errPartFailed = errors.New("a part of the demo world failed")

// group runs the world's goroutines: one that panics ends the world in order
// instead of the process at once, which would leave the servers behind.
type group struct {
	life context.Context // of the goroutines: until the world ends
	fail context.CancelCauseFunc
	wait sync.WaitGroup
}

func (g *group) run(name string, part func(ctx context.Context)) {
	g.wait.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				g.fail(fmt.Errorf("%w: %s: panic: %v\n%s", errPartFailed, name, r, debug.Stack()))
			}
		}()
		part(g.life)
	})
}
