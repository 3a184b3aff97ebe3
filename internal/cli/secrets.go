package cli

import (
	"context"
	"slices"
	"sync"

	"tocsin/internal/config"
)

// secrets reads secrets and remembers their values, so that the audit can
// leave them out wherever they turn up.
type secrets struct {
	mu     sync.Mutex
	values []string
}

// read reads a secret anew, so that a rotated one is found; nil gives "".
func (s *secrets) read(ctx context.Context, ref *config.SecretRef) (string, error) {
	secret, err := ref.Read(ctx)
	value := secret.Reveal()
	s.mu.Lock()
	defer s.mu.Unlock()
	if value != "" && !slices.Contains(s.values, value) {
		s.values = append(s.values, value)
	}
	return value, err
}

// known are the values that were read so far.
func (s *secrets) known() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.values)
}
