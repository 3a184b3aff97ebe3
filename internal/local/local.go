// Package local runs PostgreSQL and Redis on this machine, on loopback and as
// an unprivileged user, and ends them again. The demo world and the tests
// stand on it. It knows nothing of what the servers are used for, and nothing
// of the rest of the program.
package local

import (
	"fmt"
	"net"
)

// FreePort returns a TCP port on 127.0.0.1 that nobody listened on a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// portOr returns port, or a free one when it is 0.
func portOr(port int) (int, error) {
	if port != 0 {
		return port, nil
	}
	return FreePort()
}
