package redis_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"tocsin/internal/redis"
)

// A server that says nothing holds nobody longer than the deadline.
func TestDeadlineCutsARead(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	client, err := redis.New(redis.Options{URL: "redis://" + silent.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := client.DBSize(ctx).Err(); err == nil {
		t.Error("an answer from nobody")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestAddressIsToldWithoutItsPassword(t *testing.T) {
	t.Parallel()
	_, err := redis.New(redis.Options{URL: "http://dash:hunter2@cache"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}
