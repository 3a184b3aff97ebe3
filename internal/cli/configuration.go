package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/internal/config"
	"tocsin/ui"
)

func (c *command) configuration() *cobra.Command {
	cmd := groupOf(&cobra.Command{Use: "config", Short: "Check the configuration, find it, or say what goes into it"})
	add := func(use, short string, run func() error) {
		cmd.AddCommand(&cobra.Command{
			Use: use, Short: short, Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return oneShot(run) },
		})
	}
	add("check", "Read the configuration, its rules and its keys, and print what they hold or all their faults", c.configCheck)
	add("path", "Print the path of the configuration that is used", c.configPath)
	add("schema", "Print the JSON Schema of the configuration", c.configSchema)
	return cmd
}

func (c *command) configPath() error {
	path, err := config.Find(c.config)
	if err != nil {
		return &exit{exitUsage, withAdvice(err)}
	}
	out := c.page()
	out.line("%s", path)
	return c.putPage(out)
}

// configCheck reads all that the configuration names, and no secret.
func (c *command) configCheck() error {
	valid, err := config.Load(c.config)
	if err != nil {
		return &exit{exitUsage, withAdvice(err)}
	}
	rules, rulesErr := loadRules(valid.Rules)
	_, keysErr := loadKeys(valid.Keys, ui.Commands(Actions()))
	if err := errors.Join(rulesErr, keysErr, c.checkTargets(valid)); err != nil {
		return &exit{exitUsage, err}
	}
	out := c.page()
	out.line("%s holds together", valid.Path)
	rows := []row{
		{cells: []string{"state", valid.StateDir()}},
		{cells: []string{"rules", fmt.Sprintf("%s, %d", fileOrShipped(valid.Rules), len(rules.Rules))}},
		{cells: []string{"keys", fileOrShipped(valid.Keys)}},
	}
	for _, t := range valid.Targets {
		rows = append(rows, row{cells: []string{"target", t.Name + ": " + partsOf(t)}})
	}
	out.table(nil, rows)
	return c.putPage(out)
}

// checkTargets puts each target together, which does not reach any server. Its
// rules were looked at before.
func (c *command) checkTargets(valid config.Valid) error {
	valid.Rules = ""
	var errs []error
	for _, t := range valid.Targets {
		p, err := wire(valid, t, c.readOnly)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.close()
	}
	return errors.Join(errs...)
}

func fileOrShipped(path string) string {
	if path == "" {
		return "as shipped"
	}
	return path
}

// partsOf lists what a target consists of.
func partsOf(t config.Target) string {
	var parts []string
	for _, p := range []struct {
		n    int
		name string
	}{
		{one(t.Postgres != nil), "postgres"}, {one(t.Redis != nil), "redis"}, {len(t.Apps), "app"}, {len(t.Probes), "probe"},
		{len(t.StatusPages), "status page"}, {one(t.Vercel != nil), "vercel"}, {one(t.Deploy != nil), "deploy"},
	} {
		switch {
		case p.n == 1:
			parts = append(parts, p.name)
		case p.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.name))
		}
	}
	return strings.Join(parts, ", ")
}

func one(there bool) int {
	if there {
		return 1
	}
	return 0
}

func (c *command) configSchema() error {
	schema, err := config.Schema()
	if err != nil {
		return &exit{exitFailed, err}
	}
	return c.put(schema)
}
