package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/actions"
	"tocsin/internal/config"
)

// completeTarget gives the names of the targets in the configuration.
func (c *command) completeTarget(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	valid, err := config.Load(c.config)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, t := range valid.Targets {
		names = append(names, t.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeBook gives the ids of the runbooks.
func (c *command) completeBook(_ *cobra.Command, words []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if lib, _, err := c.books(); err == nil && len(words) == 0 {
		for _, b := range lib.Books {
			out = append(out, b.ID+"\t"+b.Title)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeCall gives the ids of the actions, and then the parameters of the
// one that was chosen.
func completeCall(_ *cobra.Command, words []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, a := range Actions() {
		if len(words) == 0 {
			out = append(out, a.ID+"\t"+a.Title)
		} else if a.ID == words[0] {
			return missingParams(a, words[1:]), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// missingParams gives the parameters that are not on the command line yet.
func missingParams(a actions.Action, words []string) []string {
	var out []string
	for _, p := range a.Params {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, p.Name+"=") }) {
			out = append(out, p.Name+"=\t"+p.Help)
		}
	}
	return out
}
