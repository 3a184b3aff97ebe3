package demo

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"

	"tocsin/internal/demo/provider"
)

// freshMax is how old the front page may be: it is made anew every few
// seconds, and an older one has to show within half a minute.
const freshMax = 10 * time.Second

// offersMax is how old the page of offers may be: the provider's network keeps
// it for ten minutes.
const offersMax = 15 * time.Minute

// rulesText is what the company made of tocsin's rules: its database is small,
// and so is the room that its log may take.
const rulesText = `version: 1
rules:
  - id: db.slots.retained
    fire: "> 128 MiB"
    clear: "< 96 MiB"
`

// The types below are the part of tocsin's configuration file that the demo
// writes. They are its form, not its code: the file is read as any other.
type configFile struct {
	State   string                  `yaml:"state"`
	Rules   string                  `yaml:"rules"`
	Targets map[string]configTarget `yaml:"targets"`
}

type configTarget struct {
	Postgres    configPostgres `yaml:"postgres"`
	Redis       configRedis    `yaml:"redis"`
	Apps        []configApp    `yaml:"apps"`
	Probes      []configProbe  `yaml:"probes"`
	StatusPages []configPage   `yaml:"status_pages"`
	Vercel      configVercel   `yaml:"vercel"`
	Supabase    configSupabase `yaml:"supabase"`
	Sentry      configSentry   `yaml:"sentry"`
	Stripe      configStripe   `yaml:"stripe"`
	Gauges      []configGauge  `yaml:"gauges"`
}

type configSecret struct {
	File string `yaml:"file"`
}

type configPostgres struct {
	DSN      string       `yaml:"dsn"`
	Password configSecret `yaml:"password"`

	Standbys []configStandby `yaml:"standbys,omitempty"`
}

type configStandby struct {
	Name     string       `yaml:"name"`
	DSN      string       `yaml:"dsn"`
	Password configSecret `yaml:"password"`
}

type configRedis struct {
	URL      string       `yaml:"url"`
	Password configSecret `yaml:"password"`
}

type configApp struct {
	Name     string `yaml:"name"`
	Metrics  string `yaml:"metrics"`
	Requests string `yaml:"requests"`
	Errors   string `yaml:"errors"`
	Latency  string `yaml:"latency"`
}

type configProbe struct {
	Name  string       `yaml:"name"`
	URL   string       `yaml:"url"`
	Fresh *configFresh `yaml:"fresh,omitempty"`
}

type configFresh struct {
	JSON  string `yaml:"json"`
	Max   string `yaml:"max"`
	Purge string `yaml:"purge,omitempty"`
	Tag   string `yaml:"tag,omitempty"`
}

type configPage struct {
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
	Form string `yaml:"form,omitempty"`
}

type configVercel struct {
	Project string       `yaml:"project"`
	Team    string       `yaml:"team"`
	Token   configSecret `yaml:"token"`
	BaseURL string       `yaml:"base_url"`
}

type configSupabase struct {
	Project    string       `yaml:"project"`
	Token      configSecret `yaml:"token"`
	MetricsKey configSecret `yaml:"metrics_key"`
	BaseURL    string       `yaml:"base_url"`
	MetricsURL string       `yaml:"metrics_url"`
}

// announce opens the status pages and the control address and writes what
// others need to find the world: secrets, configuration and control file.
func (w *world) announce(context.Context) error {
	target, err := w.target()
	if err != nil {
		return err
	}
	if err := w.openControl(); err != nil {
		return err
	}
	if err := os.WriteFile(w.site.private("rules.yaml"), []byte(rulesText), 0o600); err != nil {
		return err
	}
	text, err := yaml.Marshal(configFile{
		State:   filepath.Join(w.info.Dir, "state"),
		Rules:   w.site.private("rules.yaml"),
		Targets: map[string]configTarget{cmp.Or(w.opts.Name, "demo"): target},
	})
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	w.info.ConfigPath = w.opts.ConfigOut
	if w.info.ConfigPath == "" {
		w.info.ConfigPath = w.site.private("tocsin.yaml")
	}
	return w.writeUntilEnd(w.info.ConfigPath, text)
}

func (w *world) target() (configTarget, error) {
	secrets := map[string]configSecret{}
	for name, secret := range map[string]string{
		"postgres": w.database.passwords["tocsin"],
		"redis":    w.cache.password,
		"vercel":   w.info.ProviderToken,
		"supabase": w.info.ManagedToken, "supabase-metrics": w.managed.key,
		"sentry": w.services.sentryToken,
		"stripe": w.services.stripeKey,
	} {
		secrets[name] = configSecret{File: w.site.private(name)}
		if err := os.WriteFile(w.site.private(name), []byte(secret+"\n"), 0o600); err != nil {
			return configTarget{}, err
		}
	}
	pages, err := w.openStatusPages()
	if err != nil {
		return configTarget{}, err
	}
	return configTarget{
		Postgres: configPostgres{
			DSN: w.database.server.DSN("shop", "tocsin"), Password: secrets["postgres"], Standbys: w.standbys(secrets["postgres"]),
		},
		Redis: configRedis{URL: "redis://" + w.cache.Addr(), Password: secrets["redis"]},
		Apps: []configApp{{
			Name: "shop", Metrics: w.info.ShopURL + "/metrics",
			Requests: "http_requests_total", Errors: `code=~"5.."`, Latency: "http_request_duration_seconds",
		}},
		Probes: []configProbe{
			{Name: "web", URL: w.info.ShopURL + "/health", Fresh: &configFresh{JSON: "updated_at", Max: freshMax.String(), Purge: "page:*"}},
			{Name: "api", URL: w.info.ShopURL + "/product/1"},
			{Name: "offers", URL: w.info.ShopURL + "/offers", Fresh: &configFresh{JSON: "updated_at", Max: offersMax.String(), Tag: "offers"}},
		},
		StatusPages: pages,
		Vercel:      configVercel{Project: projectName, Team: teamName, Token: secrets["vercel"], BaseURL: w.info.ProviderURL},
		Supabase: configSupabase{
			Project: managedRef, Token: secrets["supabase"], MetricsKey: secrets["supabase-metrics"],
			BaseURL: w.info.ManagedURL, MetricsURL: w.managed.metricsURL,
		},
		Sentry: configSentry{
			Org: teamName, Projects: []string{projectName}, Token: secrets["sentry"], BaseURL: w.services.sentryURL, Quota: 50_000,
		},
		Stripe: configStripe{Key: secrets["stripe"], BaseURL: w.services.stripeURL},
		Gauges: gauges(),
	}, nil
}

func (w *world) openStatusPages() ([]configPage, error) {
	var pages []configPage
	for _, name := range []string{"Vercel", "Supabase"} {
		address, err := w.serve("status page", provider.NewStatusPage(name))
		if err != nil {
			return nil, err
		}
		pages = append(pages, configPage{Name: name, URL: address})
	}
	address, err := w.serve("status page", w.services.stripeStatus)
	if err != nil {
		return nil, err
	}
	return append(pages, configPage{Name: "Stripe", URL: address, Form: "stripe"}), nil
}

// writeUntilEnd writes a private file that goes with the world.
func (w *world) writeUntilEnd(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	w.atEnd(func(context.Context) error {
		if err := os.Remove(path); !os.IsNotExist(err) {
			return err
		}
		return nil
	})
	// A file that was there before keeps its mode, and this one names secrets.
	return os.Chmod(path, 0o600)
}
