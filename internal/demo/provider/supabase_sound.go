package provider

import (
	"context"
	"time"
)

// sound is a database that is always well and takes every change.
type sound struct{}

// Sound returns a database that is always well and takes every change.
func Sound() ManagedDatabase { return sound{} }

// Version implements [ManagedDatabase], as do the others.
func (sound) Version() string                          { return "17.6.1.011" }
func (sound) Ping(context.Context) error               { return nil }
func (sound) Lints(context.Context) ([]Lint, error)    { return nil, nil }
func (sound) Requests() int64                          { return 0 }
func (sound) Resize(context.Context, int) error        { return nil }
func (sound) Restore(context.Context, time.Time) error { return nil }
func (sound) Ban(context.Context, []string) error      { return nil }

// Settings are those of a small size.
func (sound) Settings(context.Context) (map[string]any, error) {
	return map[string]any{"max_connections": 60, "shared_buffers": "256MB"}, nil
}

// Machine is one that has just been started.
func (sound) Machine(context.Context) (Machine, error) {
	return Machine{
		CPU: []map[string]float64{{"idle": 10, "user": 1}}, Memory: MachineMemory{Total: 1 << 30, Available: 600 << 20},
		DataBytes: 2 << 30, Clients: 12, Slots: 60, Up: true,
	}, nil
}
