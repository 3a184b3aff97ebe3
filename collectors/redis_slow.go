package collectors

import (
	"context"
	"fmt"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"tocsin/internal/model"
)

// slowKept is how many entries of the slow log are read.
const slowKept = 50

// SlowLog reads the commands of a Redis server that took long.
// Source: SLOWLOG GET.
type SlowLog struct{ redis *Redis }

// SlowLog makes a reader of the same server over the same connection.
func (r *Redis) SlowLog() SlowLog { return SlowLog{r} }

// Collect reads the slow log once. A server that has none says so.
func (s SlowLog) Collect(ctx context.Context) (model.SlowLog, error) {
	entries, err := s.redis.client.SlowLogGet(ctx, slowKept).Result()
	if err != nil && isReply(err) && !goredis.IsAuthError(err) {
		return model.SlowLog{Lacks: "the server does not give its slow log: " + err.Error()}, nil
	}
	if err != nil {
		return model.SlowLog{}, fmt.Errorf("redis: slow log: %w", redisFail(s.redis.where, err))
	}
	var out model.SlowLog
	for _, e := range entries {
		out.Entries = append(out.Entries, model.SlowCommand{
			ID: e.ID, At: e.Time.UTC(), Took: e.Duration.Round(time.Microsecond), Text: commandText(e.Args), Client: e.ClientAddr,
		})
	}
	return out, nil
}

// commandText is a command with its first key. What else was given may hold
// anything, and stays out.
func commandText(args []string) string {
	if len(args) == 0 {
		return ""
	}
	text := strings.ToUpper(args[0])
	if len(args) > 1 && !strings.EqualFold(args[0], "AUTH") && !strings.EqualFold(args[0], "EVAL") {
		text += " " + cut(args[1], 80)
	}
	if more := len(args) - 2; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}
