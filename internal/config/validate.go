package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// probeTimeout is the default of Probe.Timeout.
const probeTimeout = 5 * time.Second

// checker collects all faults of a file.
type checker struct {
	file File
	errs []error
}

// refuse notes a fault at a path of keys and indices.
func (c *checker) refuse(path []any, format string, args ...any) {
	c.errs = append(c.errs, c.file.doc.Errorf(path, format, args...))
}

// at is the path one step further down. It never shares memory with another.
func at(path []any, steps ...any) []any { return append(slices.Clone(path), steps...) }

// Validate checks what a file says and fills in the defaults. All faults are
// told at once, each with its place.
func (f File) Validate() (Valid, error) {
	c := &checker{file: f}
	v := Valid{
		Path: f.Path, State: f.absolute(f.Config.State),
		Rules: c.existing([]any{"rules"}, f.Config.Rules), Keys: c.existing([]any{"keys"}, f.Config.Keys),
	}
	if len(f.Config.Targets) == 0 {
		c.refuse([]any{"targets"}, "no target: name at least one system to watch under targets")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Config.Targets)) {
		t := f.Config.Targets[name]
		t.Name = name
		v.Targets = append(v.Targets, c.target([]any{"targets", name}, t))
	}
	if err := errors.Join(c.errs...); err != nil {
		return Valid{}, err
	}
	return v, nil
}

// Target finds a target by its name; "" finds the only one.
func (v Valid) Target(name string) (Target, error) {
	names := make([]string, 0, len(v.Targets))
	for _, t := range v.Targets {
		if t.Name == name || name == "" && len(v.Targets) == 1 {
			return t, nil
		}
		names = append(names, t.Name)
	}
	if name == "" {
		return Target{}, fmt.Errorf("%s has several targets: choose one with --target: %s", v.Path, strings.Join(names, ", "))
	}
	return Target{}, fmt.Errorf("%s has no target %q: it has %s", v.Path, name, strings.Join(names, ", "))
}

func (c *checker) existing(path []any, name string) string {
	full := c.file.absolute(name)
	if full != "" && missing(full) {
		c.refuse(path, "there is no file %s", full)
	}
	return full
}

func (c *checker) target(path []any, t Target) Target {
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`).MatchString(t.Name) {
		c.refuse(path, "target %q: use letters, digits, dot, dash and underscore: it is typed and names a folder", t.Name)
	}
	sources := len(t.Apps) + len(t.Probes) + len(t.StatusPages) + t.watchers()
	if sources == 0 && t.Postgres == nil && t.PgBouncer == nil && t.Redis == nil && t.Vercel == nil && t.Supabase == nil && t.Deploy == nil {
		c.refuse(path, "target %s has nothing to watch", t.Name)
	}
	if t.Vercel != nil && t.Deploy != nil {
		c.refuse(at(path, "deploy"), "give either vercel or deploy")
	}
	t.Postgres = c.postgres(at(path, "postgres"), t.Postgres)
	t.PgBouncer = c.pgbouncer(at(path, "pgbouncer"), t.PgBouncer)
	t.Redis = c.redis(at(path, "redis"), t.Redis)
	t.Vercel = c.vercel(at(path, "vercel"), t.Vercel)
	t.Supabase = c.supabase(at(path, "supabase"), t.Supabase)
	c.deploy(at(path, "deploy"), t.Deploy)
	t.Apps = each(c, at(path, "apps"), t.Apps, c.app)
	t.Probes = each(c, at(path, "probes"), t.Probes, c.probe)
	t.StatusPages = each(c, at(path, "status_pages"), t.StatusPages, c.statusPage)
	t.Contacts = each(c, at(path, "contacts"), t.Contacts, c.contact)
	return c.watched(path, t)
}

// each checks the items of a list, which have different names.
func each[T any](c *checker, path []any, items []T, check func([]any, T) (T, string)) []T {
	out := make([]T, 0, len(items))
	seen := map[string]bool{}
	for i, item := range items {
		here := at(path, i)
		checked, name := check(here, item)
		switch {
		case name == "":
			c.refuse(here, "name is missing")
		case seen[name]:
			c.refuse(at(here, "name"), "the name %q is taken", name)
		}
		seen[name] = true
		out = append(out, checked)
	}
	return out
}

func (c *checker) app(path []any, a App) (App, string) {
	c.address(at(path, "metrics"), a.Metrics, "http", "https")
	orElse(&a.Requests, "http_requests_total")
	orElse(&a.Errors, `code=~"5.."`)
	orElse(&a.Latency, "http_request_duration_seconds")
	return a, a.Name
}

func (c *checker) probe(path []any, p Probe) (Probe, string) {
	c.address(at(path, "url"), p.URL, "http", "https", "tcp", "tls")
	if p.Timeout < 0 {
		c.refuse(at(path, "timeout"), "the timeout is below zero")
	}
	if p.Timeout == 0 {
		p.Timeout = probeTimeout
	}
	if p.Fresh == nil {
		return p, p.Name
	}
	if p.Fresh.JSON == "" {
		c.refuse(at(path, "fresh"), "json is missing: the field that holds the time of the content")
	}
	if p.Fresh.Max <= 0 {
		c.refuse(at(path, "fresh"), "max is missing: the age above which the content is stale")
	}
	if strings.Trim(p.Fresh.Purge, "*") == "" && p.Fresh.Purge != "" {
		c.refuse(at(path, "fresh", "purge"), "%q would purge everything: give a prefix such as page:*", p.Fresh.Purge)
	}
	return p, p.Name
}

func (c *checker) statusPage(path []any, s StatusPage) (StatusPage, string) {
	c.address(at(path, "url"), s.URL, "http", "https")
	orElse(&s.Form, "statuspage")
	if s.Form != "statuspage" && s.Form != "stripe" {
		c.refuse(at(path, "form"), "the form %q: statuspage or stripe", s.Form)
	}
	return s, s.Name
}

// address checks a URL and that it holds no password.
func (c *checker) address(path []any, text string, schemes ...string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		c.refuse(path, "%v is missing", path[len(path)-1])
	case err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == "" && u.Scheme != "unix":
		c.refuse(path, "not an address: begin with %s://", strings.Join(schemes, "://, "))
	case (u.Scheme == "tcp" || u.Scheme == "tls") && u.Port() == "":
		c.refuse(path, "the port is missing: %s://host:port", u.Scheme)
	default:
		if _, ok := u.User.Password(); ok {
			c.refuse(path, "a password does not belong here: use a secret from a file, an environment variable or a command")
		}
	}
}

func orElse(value *string, fallback string) {
	if *value == "" {
		*value = fallback
	}
}
