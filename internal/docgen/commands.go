package main

import (
	"strings"

	"github.com/spf13/cobra"
)

func commandsPage(root *cobra.Command) string {
	root.InitDefaultCompletionCmd("completion")
	parts := []string{
		"Everywhere: exit code 2 is wrong usage or a bad configuration (`check` says 3 for these); a one-shot command ended by a hang-up,\n" +
			"an interrupt or TERM exits with 129, 130 or 143. The dashboard exits with 0 when it is left by `q` or Ctrl-C.",
		"## Flags of every command", fenced(root.PersistentFlags().FlagUsages()),
	}
	for _, c := range runnable(root) {
		parts = append(parts, commandParts(c)...)
	}
	return page("Commands", parts...)
}

// runnable lists a command and those under it that do something, in order. The
// shells of `completion` are left to its own help.
func runnable(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	if c.Runnable() || c.Name() == "completion" {
		out = append(out, c)
	}
	for _, sub := range c.Commands() {
		if !sub.Hidden && c.Name() != "completion" {
			out = append(out, runnable(sub)...)
		}
	}
	return out
}

func commandParts(c *cobra.Command) []string {
	text := c.Long
	if text == "" || c.Name() == "completion" {
		text = c.Short + "."
	}
	parts := []string{"## " + c.CommandPath(), text, fenced(c.UseLine())}
	if flags := c.LocalNonPersistentFlags().FlagUsages(); flags != "" {
		parts = append(parts, fenced(flags))
	}
	if c.Example != "" {
		parts = append(parts, fenced(c.Example))
	}
	return parts
}

// fenced is text as it is, without what indents all of it.
func fenced(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for all := true; all; {
		for _, line := range lines {
			all = all && strings.HasPrefix(line, " ")
		}
		for i := range lines {
			if all {
				lines[i] = lines[i][1:]
			}
		}
	}
	return "```\n" + strings.Join(lines, "\n") + "\n```"
}
