package pg

import (
	"context"
	"time"
)

// spareRetry is the pause after the spare connection could not be opened: a
// full server must not be asked all the time.
const spareRetry = 30 * time.Second

// spare is the kept action connection. Whoever holds its turn may use it.
type spare struct {
	turn gate
	kept *keptConn // nil until opened, or after it broke
}

// check makes sure that the connection answers, and opens it where it does not.
func (p *spare) check(ctx context.Context, s *Server) error {
	if p.answers(ctx) {
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

func (p *spare) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	return p.kept != nil && p.kept.Ping(ctx) == nil
}

func (p *spare) drop() {
	if p.kept != nil {
		closeSoon(p.kept.Conn)
		p.kept = nil
	}
}

// reset undoes what the last user set on the connection.
func (p *spare) reset() {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if p.kept.PgConn().TxStatus() != 'I' {
		p.drop()
		return
	}
	if _, err := p.kept.Exec(ctx, "RESET ALL"); err != nil {
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

// keepSpare opens the spare connection in the background, and tries again until
// it is there: the server may be full. It ends with the server's life. A second call meanwhile
// does nothing.
func (s *Server) keepSpare() {
	if !s.keeping.CompareAndSwap(false, true) {
		return
	}
	s.running.Go(func() {
		defer s.keeping.Store(false)
		for s.life.Err() == nil && s.openSpare() != nil {
			select {
			case <-s.life.Done():
			case <-time.After(spareRetry):
			}
		}
	})
}

func (s *Server) openSpare() error {
	ctx, cancel := context.WithTimeout(s.life, connectLimit)
	defer cancel()
	conn, err := s.Spare(ctx)
	if err != nil {
		return err
	}
	conn.Close()
	return nil
}
