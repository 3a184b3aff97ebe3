package testkit

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"tocsin/internal/local"
)

// Firewall stands between programs and a server, and can swallow what they
// send each other: nothing is refused and nothing is closed, as with a rule
// that drops packets. What was swallowed arrives when it passes again, as what
// TCP sends anew.
type Firewall struct {
	server   string // its address
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	passes chan struct{} // closed while all passes
	links  []net.Conn
	ended  bool
}

// Wall starts a firewall before a server, which ends with the test.
func Wall(t testing.TB, p *local.Postgres) *Firewall {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &Firewall{server: fmt.Sprintf("127.0.0.1:%d", p.Port()), listener: listener, passes: make(chan struct{})}
	close(f.passes)
	f.running.Go(f.accept)
	t.Cleanup(f.end)
	return f
}

// DSN is the address of a database behind it.
func (f *Firewall) DSN(db, user string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=%s sslmode=disable", f.listener.Addr().(*net.TCPAddr).Port, user, db)
}

// Swallow lets nothing pass any more, in either direction.
func (f *Firewall) Swallow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if isClosed(f.passes) {
		f.passes = make(chan struct{})
	}
}

// Pass lets all pass again after [Firewall.Swallow].
func (f *Firewall) Pass() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !isClosed(f.passes) {
		close(f.passes)
	}
}

// wait returns when all passes.
func (f *Firewall) wait() {
	f.mu.Lock()
	passes := f.passes
	f.mu.Unlock()
	<-passes
}

func (f *Firewall) accept() {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return // it was closed
		}
		f.running.Go(func() { f.link(client) })
	}
}

// link joins a program and the server until one of them closes.
func (f *Firewall) link(client net.Conn) {
	defer client.Close()
	f.wait()
	server, err := net.Dial("tcp", f.server)
	if err != nil {
		return // as the server refuses it
	}
	defer server.Close()
	if !f.keep(client, server) {
		return
	}
	f.running.Go(func() { f.carry(client, server) })
	f.carry(server, client)
}

// carry takes to one end what the other sends, also its end.
func (f *Firewall) carry(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		f.wait()
		if _, failed := to.Write(buf[:n]); err != nil || failed != nil {
			return
		}
	}
}

// keep remembers the ends of a link for the end of the firewall; false after it.
func (f *Firewall) keep(ends ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.links = append(f.links, ends...)
	return !f.ended
}

func (f *Firewall) end() {
	f.Pass()
	_ = f.listener.Close() // what closes fails only where it is closed already
	f.mu.Lock()
	f.ended = true
	for _, end := range f.links {
		_ = end.Close()
	}
	f.mu.Unlock()
	f.running.Wait()
}
