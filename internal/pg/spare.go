package pg

import (
	"context"
	"time"
)

// spareEvery is how often the spare connection is looked after. A full server
// must not be asked for one all the time.
const spareEvery = 30 * time.Second

// spare is the kept action connection. Whoever holds its turn may use it.
type spare struct {
	turn gate
	look chan struct{} // asks to look after it now
	kept *keptConn     // nil until opened, or after it broke
}

// check makes sure that the connection answers and leads to the server that is
// watched, and opens it where it does not.
func (p *spare) check(ctx context.Context, s *Server) error {
	if p.answers(ctx, s) {
		return nil
	}
	p.drop()
	kept, err := s.dialAction(ctx)
	if err != nil {
		return err
	}
	p.kept = kept
	return nil
}

// answers undoes what the last user set, and looks where the connection leads.
// That is done for who borrows it and not when it is given back, in a hurry: a
// slow server would cost us the one connection that it might not give again.
func (p *spare) answers(ctx context.Context, s *Server) bool {
	if p.kept == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	if _, err := p.kept.Exec(ctx, "RESET ALL"); err != nil {
		return false
	}
	is, err := readIdentity(ctx, p.kept.Conn)
	if err != nil {
		return false
	}
	p.kept.is = is
	watched := s.watched()
	return watched.Started.IsZero() || watched.Started.Equal(is.Started)
}

func (p *spare) drop() {
	if p.kept != nil {
		closeSoon(p.kept.Conn)
		p.kept = nil
	}
}

// givenBack drops a connection that its user left in a transaction, or closed.
func (p *spare) givenBack() {
	if p.kept.IsClosed() || p.kept.PgConn().TxStatus() != 'I' {
		p.drop()
	}
}

func (p *spare) close(ctx context.Context) {
	if p.turn.enter(ctx) != nil {
		return
	}
	p.drop()
	p.turn.leave()
}

// keepSpare opens the spare connection in the background and looks after it
// until the server's life ends: it must be there when the server is full, and
// neither a firewall nor a limit for idle sessions may take it. A call while
// that is done already makes it look now.
func (s *Server) keepSpare() {
	if !s.keeping.CompareAndSwap(false, true) {
		select {
		case s.spare.look <- struct{}{}:
		default:
		}
		return
	}
	s.running.Go(func() {
		tick := time.NewTicker(spareEvery)
		defer tick.Stop()
		for s.life.Err() == nil {
			s.openSpare()
			select {
			case <-s.life.Done():
			case <-s.spare.look:
			case <-tick.C:
			}
		}
	})
}

// openSpare opens the spare connection where it is missing. One that is lent
// is there; one that cannot be opened is tried again.
func (s *Server) openSpare() {
	ctx, cancel := context.WithTimeout(s.life, connectLimit)
	defer cancel()
	if conn, err := s.Spare(ctx); err == nil {
		conn.Close()
	}
}
