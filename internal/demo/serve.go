package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// serve answers HTTP on a free port of 127.0.0.1 until the world ends, and
// returns the base address.
func (w *world) serve(name string, handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for %s: %w", name, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	w.group.run(name, func(ctx context.Context) {
		defer context.AfterFunc(ctx, func() { _ = server.Close() })()
		_ = server.Serve(listener) // returns when closed
	})
	w.atEnd(func(context.Context) error { return server.Close() })
	return "http://" + listener.Addr().String(), nil
}
