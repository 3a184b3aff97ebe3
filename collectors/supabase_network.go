package collectors

import (
	"context"
	"net/netip"
	"slices"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// SupabaseNetwork reads who may reach the database of a project.
// Source: the management API, two requests.
type SupabaseNetwork struct{ Client *supabase.Client }

// Collect reads the networks that are let in and the addresses that are not.
func (s SupabaseNetwork) Collect(ctx context.Context) (model.SupabaseNetwork, error) {
	var out model.SupabaseNetwork
	var p partly
	if got, err := s.Client.Restrictions(ctx); p.part("the network restrictions", err) {
		out.Allowed = slices.Concat(got.Config.V4, got.Config.V6)
		out.Open, out.Stored = open(got.Config.V4) || len(out.Allowed) == 0, got.Status == "stored"
	}
	if bans, err := s.Client.Bans(ctx); p.part("the bans", err) {
		out.Bans = []model.Ban{}
		for _, b := range bans {
			out.Bans = append(out.Bans, model.Ban{Address: b.Address, Of: b.Of})
		}
	}
	var err error
	out.Hidden, err = p.result()
	return out, err
}

// open tells whether a list of networks has every address in it.
func open(networks []string) bool {
	return slices.ContainsFunc(networks, func(text string) bool {
		n, err := netip.ParsePrefix(text)
		return err == nil && n.Bits() == 0
	})
}
