package provider

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Upstash answers the REST API of an Upstash database for a real Redis. It is
// an [http.Handler] for the database's address.
type Upstash struct {
	// Redis is what the commands are for.
	Redis *redis.Client
	// Token is the only bearer token that is accepted.
	Token string
	// Lacks are commands, in capitals, that it does not offer.
	Lacks []string
}

// restAnswer is the answer to one command.
type restAnswer struct {
	Result any     `json:"result"`
	Error  *string `json:"error,omitempty"`
}

// restRefusal is the answer to a request that is refused as a whole.
type restRefusal struct {
	Error string `json:"error"`
}

// ServeHTTP answers one request.
func (u *Upstash) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case subtle.ConstantTimeCompare([]byte(token), []byte(u.Token)) != 1:
		writeJSON(w, http.StatusUnauthorized, restRefusal{"WRONGPASS invalid or missing auth token"})
	case r.Method != http.MethodPost:
		writeJSON(w, http.StatusMethodNotAllowed, restRefusal{"ERR Invalid HTTP method"})
	case r.URL.Path == "/pipeline":
		u.pipeline(w, r)
	case r.URL.Path == "/":
		u.command(w, r)
	default:
		writeJSON(w, http.StatusBadRequest, restRefusal{"ERR unsupported path"})
	}
}

func (u *Upstash) command(w http.ResponseWriter, r *http.Request) {
	var args []any
	if err := restBody(r, &args); err != nil || len(args) == 0 {
		writeJSON(w, http.StatusBadRequest, restRefusal{"ERR failed to parse command"})
		return
	}
	answer := u.do(r.Context(), args)
	if answer.Error != nil {
		writeJSON(w, http.StatusBadRequest, restRefusal{*answer.Error})
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (u *Upstash) pipeline(w http.ResponseWriter, r *http.Request) {
	var commands [][]any
	if err := restBody(r, &commands); err != nil {
		writeJSON(w, http.StatusBadRequest, restRefusal{"ERR failed to parse pipeline request"})
		return
	}
	answers := []any{}
	for _, args := range commands {
		if len(args) == 0 {
			writeJSON(w, http.StatusBadRequest, restRefusal{"ERR empty pipeline command"})
			return
		}
		answer := u.do(r.Context(), args)
		if answer.Error != nil {
			answers = append(answers, restRefusal{*answer.Error})
			continue
		}
		answers = append(answers, answer)
	}
	writeJSON(w, http.StatusOK, answers)
}

// restBody reads the commands of a request; numbers stay as they are written.
func restBody(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.UseNumber()
	return decoder.Decode(into)
}

func (u *Upstash) do(ctx context.Context, args []any) restAnswer {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for i, a := range args {
		if n, ok := a.(json.Number); ok {
			args[i] = n.String()
		}
	}
	name, _ := args[0].(string)
	for _, lacking := range u.Lacks {
		if strings.EqualFold(name, lacking) {
			text := "ERR Command is not available: '" + name + "'. See https://upstash.com/docs/redis/overall/rediscompatibility for details"
			return restAnswer{Error: &text}
		}
	}
	result, err := u.Redis.Do(ctx, args...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		text := err.Error()
		return restAnswer{Error: &text}
	}
	return restAnswer{Result: result}
}
