package demo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"tocsin/internal/demo/provider"
	"tocsin/internal/demo/shop"
)

// pace is how long the provider takes to build the shop.
func pace() provider.Pace { return provider.Pace{Queue: time.Second, Build: 3 * time.Second} }

// siteOf is what the shop has at the provider besides its builds.
func siteOf(now time.Time) provider.Site {
	const day = 24 * time.Hour
	return provider.Site{
		Domains: []provider.Domain{
			{Name: "shop.example", CertEnds: now.Add(57 * day)},
			{Name: "www.shop.example", Redirect: "shop.example", CertEnds: now.Add(57 * day)},
		},
		Variables: []provider.Variable{
			{Key: "DATABASE_URL", Updated: now.Add(-30 * day)}, {Key: "REDIS_URL", Updated: now.Add(-30 * day)},
			{Key: "RATES_URL", Updated: now.Add(-26 * time.Hour)},
		},
		Crons: []provider.Cron{{Path: "/api/reprice", Schedule: "*/5 * * * *"}},
	}
}

// newEdge puts the provider's network before the shop. What serves before the
// provider is there is let through.
func (w *world) newEdge() *edge {
	return &edge{
		shop: w.shop, pages: map[string]*kept{},
		judge: func(from netip.Addr, cleared bool) provider.Verdict {
			if v := w.vercel.Load(); v != nil {
				return v.Judge(from, cleared)
			}
			return provider.Pass
		},
		again: func(page string, work func()) {
			w.group.run("edge "+page, func(context.Context) { work() })
		},
	}
}

// logged tells the provider what its function did.
func (w *world) logged(a shop.Answer) {
	v := w.vercel.Load()
	if v == nil {
		return
	}
	row := provider.RuntimeRow{Method: a.Method, Path: a.Path, Status: a.Status}
	if a.Err != nil {
		row.Message = a.Err.Error()
	}
	v.Log(row)
}

// rebuild makes a new build of the code of an old one.
func (w *world) rebuild(name string) (provider.Build, error) {
	code, ok := w.shop.Installed(name)
	if !ok {
		return provider.Build{}, fmt.Errorf("rebuild %s: %w", name, shop.ErrUnknownBuild)
	}
	code.Name = w.project.nextName()
	w.shop.Install(code)
	return provider.Build{Name: code.Name}, nil
}

// errUnknownBuild is what nobody builds.
var errUnknownBuild = errors.New("not one of slow, broken")

// startBuild pushes a change whose build waits for a long time, or fails.
func (w *world) startBuild(kind string) error {
	name := w.project.nextName()
	build := provider.Build{Name: name, Commit: commitOf(name, kind), Author: "ben"}
	switch kind {
	case "slow":
		build.Message = "Draw the catalogue anew"
		w.shop.Install(shop.Build{Name: name})
		w.project.Start(build, provider.Pace{Queue: 10 * time.Minute, Build: time.Minute}, "")
	case "broken":
		build.Message = "Use the new tax service"
		w.project.Start(build, provider.Pace{}, "Cannot find module 'tax-client'")
	default:
		return fmt.Errorf("build %q: %w", kind, errUnknownBuild)
	}
	w.journal.note("build."+kind, name, nil)
	return nil
}
