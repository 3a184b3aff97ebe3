package demo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"tocsin/internal/demo/provider"
	"tocsin/internal/demo/shop"
)

const (
	projectName = "shop"
	teamName    = "acme"
)

// project is the shop at the provider.
type project struct {
	*provider.Vercel

	mu   sync.Mutex
	last int // number of the newest build; none is used again
}

func (p *project) nextName() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	return fmt.Sprintf("v%d", p.last)
}

// release sets up the provider with the shop's past, three good builds.
func (w *world) release(ctx context.Context) error {
	w.info.ProviderToken = rand.Text()
	now := time.Now()
	w.project = &project{Vercel: provider.NewVercel(provider.VercelOptions{
		Project: projectName, Team: teamName, Token: w.info.ProviderToken,
		Activate: func(_ context.Context, _, name string) error {
			err := w.shop.Activate(name)
			w.journal.note("build.live", name, err)
			return err
		},
		Rebuild: w.rebuild, Purge: w.edge.purge, Pace: pace(), Site: siteOf(now),
	})}
	w.atEnd(func(context.Context) error { w.project.Close(); return nil })
	w.vercel.Store(w.project.Vercel)
	var err error
	if w.info.ProviderURL, err = w.serve("provider", w.project); err != nil {
		return err
	}
	for _, past := range []struct {
		message, author string
		age             time.Duration
	}{
		{"Open the shop", "ana", 6 * 24 * time.Hour},
		{"Show offers on the front page", "ben", 2 * 24 * time.Hour},
		{"Keep sessions for a quarter of an hour", "ana", 9 * time.Hour},
	} {
		build := provider.Build{Message: past.message, Author: past.author, Created: now.Add(-past.age)}
		if _, err := w.deploy(ctx, shop.Build{}, build); err != nil {
			return err
		}
	}
	return nil
}

// deploy builds the shop, hands the build to the provider, and waits until
// the provider has done with it what its state of promotion says.
func (w *world) deploy(ctx context.Context, code shop.Build, build provider.Build) (deployment string, err error) {
	code.Name = w.project.nextName()
	build.Name = code.Name
	build.Commit = commitOf(code.Name, build.Message)
	w.shop.Install(code)
	deployment = w.project.Deploy(build)
	if err := w.project.Wait(ctx); err != nil {
		return "", fmt.Errorf("deploy %s: %w", code.Name, err)
	}
	return deployment, nil
}

// commitOf is the hash of a commit.
func commitOf(name, message string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(name+message)))[:40]
}

// point asks the provider over its API to serve another deployment, by kind
// rollback or promote, and waits until it does.
func (w *world) point(ctx context.Context, kind, deployment string) error {
	version := map[string]string{"rollback": "v1", "promote": "v10"}[kind]
	address := fmt.Sprintf("%s/%s/projects/%s/%s/%s?%s", w.info.ProviderURL, version, projectName, kind, deployment,
		url.Values{"slug": {teamName}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+w.info.ProviderToken)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", kind, deployment, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s %s: the provider answered %s", kind, deployment, answer.Status)
	}
	return w.project.Wait(ctx)
}
