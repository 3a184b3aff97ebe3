package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Secret is a password or token. Everything that prints it prints "***".
type Secret struct{ text string }

// Reveal gives the text itself, for the one call that sends it.
func (s Secret) Reveal() string { return s.text }

// String implements fmt.Stringer.
func (Secret) String() string { return "***" }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return "***" }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

const (
	secretMax     = 64 << 10 // bytes; anything longer is not a secret
	secretCommand = 10 * time.Second
)

// Read fetches the secret: each time anew, so that a rotated one is found. Nil
// gives the empty secret.
func (r *SecretRef) Read(ctx context.Context) (Secret, error) {
	if r == nil {
		return Secret{}, nil
	}
	text, err := r.read(ctx)
	if err != nil {
		return Secret{}, err
	}
	line, _, _ := strings.Cut(text, "\n")
	if line = strings.TrimRight(line, "\r"); line == "" {
		return Secret{}, fmt.Errorf("%s: the secret is empty", r)
	}
	return Secret{line}, nil
}

// String says where the secret is, without the secret.
func (r *SecretRef) String() string {
	switch {
	case r == nil:
		return "no secret"
	case r.File != "":
		return r.File
	case r.Env != "":
		return "$" + r.Env
	case len(r.Command) > 0:
		return "command " + r.Command[0]
	default:
		return "no secret"
	}
}

func (r *SecretRef) read(ctx context.Context) (string, error) {
	switch {
	case r.File != "":
		return readPrivate(r.File)
	case r.Env != "":
		text, ok := os.LookupEnv(r.Env)
		if !ok {
			return "", fmt.Errorf("$%s is not set", r.Env)
		}
		return text, nil
	case len(r.Command) > 0:
		return output(ctx, r.Command)
	default:
		return "", errors.New("a secret needs one of file, env or command")
	}
}

// readPrivate reads a file that nobody but its owner may read.
func readPrivate(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s: others may read this secret (%04o): chmod 600 %s", path, mode.Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(file, secretMax))
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return string(text), nil
}

// output runs a program for its standard output. What it says on standard
// error is not repeated: it may hold the secret.
func output(ctx context.Context, argv []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretCommand)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = 200 * time.Millisecond // for children of its own that hold its output
	var out limited
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("command %s for a secret: %w", argv[0], cmp.Or(out.err, ctx.Err(), err))
	}
	return string(out.text), nil
}

// limited keeps what is written to it, and takes no more than a secret can be.
type limited struct {
	text []byte
	err  error // that it was too much
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if len(l.text)+len(p) > secretMax {
		l.err = fmt.Errorf("it says more than %d KiB", secretMax>>10)
		return 0, l.err
	}
	l.text = append(l.text, p...)
	return len(p), nil
}
