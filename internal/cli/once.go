package cli

import (
	"context"
	"errors"
	"sync"

	"tocsin/internal/model"
)

// once makes a client when it is first needed, because its secret may take a
// while; a failure is tried again at the next call.
type once[T comparable] struct {
	make func(ctx context.Context) (T, error)
	mu   sync.Mutex
	have bool
	made T
}

func (o *once[T]) get(ctx context.Context) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.have {
		return o.made, nil
	}
	made, err := o.make(ctx)
	if err == nil {
		o.made, o.have = made, true
	}
	return made, err
}

// each calls f with the client, if there is one yet.
func (o *once[T]) each(f func(T)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.have {
		f(o.made)
	}
}

// forget drops the client, so that the next call makes another.
func (o *once[T]) forget(gone T) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.have && o.made == gone {
		o.have = false
	}
}

// use calls f with the client. One that is denied is forgotten: its secret may
// have been rotated.
func use[C comparable, T any](ctx context.Context, o *once[C], f func(C) (T, error)) (T, error) {
	client, err := o.get(ctx)
	if err != nil {
		var none T
		return none, err
	}
	got, err := f(client)
	if fail, ok := errors.AsType[*model.Fail](err); ok && fail.Class == model.Denied {
		o.forget(client)
	}
	return got, err
}
