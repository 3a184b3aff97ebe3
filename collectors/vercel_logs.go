package collectors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/vercel"
)

// Logs follows the logs of one deployment at Vercel.
type Logs struct {
	// Use gives the client for one use.
	Use func(ctx context.Context, do func(*vercel.Client) error) error
	ID  string // of the deployment
}

const (
	logPause    = 2 * time.Second // before a stream that broke is asked for again
	logPauseMax = 30 * time.Second
)

// Runtime gives what the deployment logs from here on, until ctx ends. A stream
// whose time is up, or that breaks, is asked for again, and that is told: what
// happened between is not shown. It returns why it cannot be read at all.
func (l Logs) Runtime(ctx context.Context, put func(model.LogLine)) error {
	wait := logPause
	for {
		got := false
		err := l.Use(ctx, func(c *vercel.Client) error {
			return c.RuntimeLog(ctx, l.ID, func(entry vercel.Log) error {
				got = true
				put(runtimeLine(entry))
				return nil
			})
		})
		if got {
			wait = logPause
		}
		switch fail := model.FailOf(err); {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, vercel.ErrTimeLimit), err == nil:
			put(ownLine("the stream has reached its end at Vercel: listening again"))
		case fail.Class == model.Denied || fail.Class == model.Missing:
			return err
		default:
			put(ownLine(fmt.Sprintf("lost: %s: listening again in %s", fail.Text, wait)))
		}
		if !waitFor(ctx, wait) {
			return nil
		}
		wait = min(2*wait, logPauseMax)
	}
}

// Build gives the log of the build from its beginning; while it is under way,
// until it ends.
func (l Logs) Build(ctx context.Context, underWay bool, put func(model.LogLine)) error {
	err := l.Use(ctx, func(c *vercel.Client) error {
		return c.BuildLog(ctx, l.ID, underWay, func(entry vercel.Log) error {
			put(model.LogLine{At: entry.At, Level: entry.Level, Text: entry.Text, Cut: entry.Cut})
			return nil
		})
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// runtimeLine is an entry with the request that it belongs to in front.
func runtimeLine(e vercel.Log) model.LogLine {
	line := model.LogLine{At: e.At, Level: e.Level, Status: e.Status, Text: e.Text, Cut: e.Cut}
	if e.Path == "" {
		return line
	}
	status := "---"
	if e.Status > 0 {
		status = fmt.Sprint(e.Status)
	}
	request := fmt.Sprintf("%-6s %s %s", e.Method, status, e.Path)
	line.Text = strings.TrimRight(request+"  "+strings.TrimSpace(e.Text), " ")
	return line
}

func ownLine(text string) model.LogLine {
	return model.LogLine{At: time.Now(), Text: text, Own: true}
}

// waitFor lets time pass; false when ctx ended meanwhile.
func waitFor(ctx context.Context, span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
