package store

import "tocsin/internal/model"

// DomainsKey names the host names of a project at Vercel.
func DomainsKey() Key[model.Domains] { return Key[model.Domains]{Name: "vercel.domains", Version: 2} }

// FirewallKey names the protection of a project at Vercel.
func FirewallKey() Key[model.Firewall] {
	return Key[model.Firewall]{Name: "vercel.firewall", Version: 1}
}
