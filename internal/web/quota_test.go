package web

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"tocsin/internal/model"
)

func TestBudget(t *testing.T) {
	soon := strconv.FormatInt(time.Now().Add(time.Minute).Unix(), 10)
	tests := []struct {
		name    string
		headers []string
		want    model.Budget // without Reset
		known   bool
		sent    int32 // requests of two reads
	}{
		{"nothing said", nil, model.Budget{}, false, 2},
		{"some left", []string{"X-RateLimit-Limit", "500", "X-RateLimit-Remaining", "480", "X-RateLimit-Reset", soon}, model.Budget{Limit: 500, Left: 480}, true, 2},
		{"none left", []string{"X-Sentry-Rate-Limit-Limit", "40", "X-Sentry-Rate-Limit-Remaining", "0", "X-Sentry-Rate-Limit-Reset", soon}, model.Budget{Limit: 40}, true, 1},
		{"none left, in seconds", []string{"ratelimit-limit", "2", "ratelimit-remaining", "0", "ratelimit-reset", "30"}, model.Budget{Limit: 2}, true, 1},
		{"none left, until the window that has ended", []string{"X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1000000001"}, model.Budget{Limit: 5}, true, 2},
		{"none left, by a clock that is wrong", []string{"X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "9000000001"}, model.Budget{Limit: 5}, true, 2},
		{"half said", []string{"X-RateLimit-Remaining", "0"}, model.Budget{}, false, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, requests := serve(t, status(200, `{}`, tt.headers...))
			c := client(t, base)
			_ = c.GetJSON(t.Context(), "/x", nil, nil)
			err := c.GetJSON(t.Context(), "/x", nil, nil)
			got, known := c.Budget()
			got.Reset = time.Time{}
			if got != tt.want || known != tt.known {
				t.Errorf("budget %+v, %t; want %+v, %t", got, known, tt.want, tt.known)
			}
			if n := requests.Load(); n != tt.sent {
				t.Errorf("%d requests, want %d", n, tt.sent)
			}
			fail, failed := errors.AsType[*model.Fail](err)
			if failed != (tt.sent == 1) || failed && (fail.Class != model.Limited || fail.RetryAfter <= 0 || fail.RetryAfter > longestReset) {
				t.Errorf("error %v, want a pause exactly where nothing was sent", err)
			}
			if _, err := c.Send(t.Context(), Request{Method: http.MethodPost, Path: "/x"}, nil); err != nil {
				t.Errorf("a change was not sent: %v", err)
			}
		})
	}
}

func TestAnswerThatHasNotChanged(t *testing.T) {
	sent := 0
	base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"one"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent++
		w.Header().Set("ETag", `"one"`)
		_, _ = w.Write([]byte(`{"name":"shop"}`))
	})
	c := client(t, base)
	for range 3 {
		var got struct{ Name string }
		if err := c.GetJSON(t.Context(), "/x", nil, &got); err != nil || got.Name != "shop" {
			t.Errorf("got %+v, %v; want the answer again", got, err)
		}
	}
	if sent != 1 {
		t.Errorf("the answer was sent %d times, want once", sent)
	}
}

func TestUserAndPassword(t *testing.T) {
	base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "service_role" || password != token {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	c := New(Options{Base: base, User: "service_role", Token: token})
	t.Cleanup(c.Close)
	if _, err := c.GetBytes(t.Context(), "/x", nil); err != nil {
		t.Error(err)
	}
}
