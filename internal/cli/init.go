package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tocsin/internal/config"
)

//go:embed sample.yaml
var sample []byte

func (c *command) initialise() *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Write a configuration to begin with; an existing one is left alone", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return oneShot(c.writeSample) },
	}
}

// writeSample writes the sample where the configuration is looked for first.
func (c *command) writeSample() error {
	path, err := config.Find(c.config)
	var none *config.NotFoundError
	if errors.As(err, &none) {
		path, err = none.Write, nil
	}
	if err != nil {
		return &exit{exitUsage, err}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &exit{exitFailed, err}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return &exit{exitFailed, fmt.Errorf("%s is there already: it was left as it is", path)}
	}
	if err != nil {
		return &exit{exitFailed, err}
	}
	_, err = file.Write(sample)
	if err := errors.Join(err, file.Close()); err != nil {
		return &exit{exitFailed, err}
	}
	out := c.page()
	out.line("wrote %s: name your servers in it, then `tocsin config check` and `tocsin`", path)
	return c.putPage(out)
}
