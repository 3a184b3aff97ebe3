package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"tocsin/actions"
)

// Root gives the tree of commands, for the reference in docs/. It is not to be run.
func Root() *cobra.Command { return (&command{}).root() }

// Actions lists what can be done, for the reference in docs/: as declared, with
// no server behind it.
func Actions() []actions.Action {
	return slices.Concat(declared(actions.Standbys{}, actions.Deploys{}, actions.Cache{}, nil, nil), declaredAtVercel(actions.Vercel{}), declaredAtSupabase(actions.Supabase{}))
}
