package collectors

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// redisInfo is the fields of an INFO answer.
type redisInfo map[string]string

func parseInfo(text string) redisInfo {
	out := redisInfo{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && name[0] != '#' {
			out[name] = value
		}
	}
	return out
}

// number is nil where the field is absent: versions differ in what they tell.
func (i redisInfo) number(name string) *int64 {
	n, err := strconv.ParseInt(i[name], 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

// size is 0 where the field is absent.
func (i redisInfo) size(name string) int64 {
	if n := i.number(name); n != nil {
		return *n
	}
	return 0
}

func (i redisInfo) reading(at time.Time) redisReading {
	return redisReading{
		at: at, run: i["run_id"],
		hits: i.number("keyspace_hits"), misses: i.number("keyspace_misses"),
		ops: i.number("total_commands_processed"), gone: i.number("evicted_keys"),
	}
}

// state is what needs no second reading.
func (i redisInfo) state() model.Redis {
	return model.Redis{
		Version: i["redis_version"],
		Used:    i.size("used_memory"), Max: i.size("maxmemory"),
		Clients: i.number("connected_clients"), Blocked: i.number("blocked_clients"),
		Replica: i["role"] == "slave", RDBFailed: i["rdb_last_bgsave_status"] == "err",
		Policy: i["maxmemory_policy"],
	}
}

// redisFail gives an error of the server or of the connection its class.
func redisFail(where string, err error) *model.Fail {
	if fail, ok := errors.AsType[*model.Fail](err); ok { // no password to connect with
		return fail
	}
	fail := &model.Fail{Class: model.Protocol, Text: where + ": " + err.Error()}
	switch {
	case redis.IsAuthError(err):
		fail.Class, fail.Hint = model.Denied, "set redis.password, and a user in redis.url where there is one"
	case redis.IsPermissionError(err):
		fail.Class, fail.Hint = model.Denied, "ACL SETUSER tocsin +info +dbsize +slowlog +scan +ttl +type +memory|usage ~*"
	case redis.IsMaxClientsError(err):
		fail.Class = model.Full
	case redis.IsLoadingError(err):
		fail.Class = model.Down
	case !isReply(err):
		var text string
		fail.Class, text, fail.Hint = web.Explain(err)
		fail.Text = fmt.Sprintf("connect to %s: %s", where, text)
	}
	return fail
}

// isReply tells whether the server itself said the error.
func isReply(err error) bool {
	var said redis.Error
	return errors.As(err, &said)
}
