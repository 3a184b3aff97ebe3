package config_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adrg/xdg"
	"github.com/google/go-cmp/cmp"

	"tocsin/internal/config"
)

const whole = `
targets:
  prod:
    postgres: {dsn: "host=db.internal user=dash dbname=shop", password: {file: ~/.tocsin/pg}}
    redis: {url: "rediss://cache.internal:6379", password: {env: REDIS_PASSWORD}}
    apps: [{name: api, metrics: "https://api.internal/metrics"}]
    probes: [{name: web, url: "https://shop.example/health", fresh: {json: updated_at, max: 60s, purge: "page:*"}}]
    status_pages: [{name: Vercel, url: "https://www.vercel-status.com"}]
    vercel: {project: shop, team: acme, token: {command: [pass, vercel]}}
  other:
    probes: [{name: mail, url: "tcp://mail:25", timeout: 2s}]
    deploy: {list: [releases, list], rollback: [releases, activate, "{id}"]}
state: state
rules: rules.yaml
`

func isolate(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, "xdg"), "XDG_CONFIG_DIRS": filepath.Join(home, "dirs"),
		"XDG_STATE_HOME": filepath.Join(home, "state"), config.EnvPath: "",
	} {
		t.Setenv(name, value)
	}
	xdg.Reload()
	return home
}

func write(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	home := isolate(t)
	dir := filepath.Join(home, "etc")
	path := write(t, filepath.Join(dir, "config.yaml"), whole, 0o644)
	write(t, filepath.Join(dir, "rules.yaml"), "version: 1\n", 0o644)
	got, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Valid{
		Path: path, State: filepath.Join(dir, "state"), Rules: filepath.Join(dir, "rules.yaml"),
		Targets: []config.Target{
			{
				Name: "other", Apps: []config.App{}, StatusPages: []config.StatusPage{}, Contacts: []config.Contact{}, Gauges: []config.Gauge{},
				Probes: []config.Probe{{Name: "mail", URL: "tcp://mail:25", Timeout: 2 * time.Second}},
				Deploy: &config.Deploy{List: []string{"releases", "list"}, Rollback: []string{"releases", "activate", "{id}"}},
			},
			{
				Name:     "prod",
				Postgres: &config.Postgres{DSN: "host=db.internal user=dash dbname=shop", Password: &config.SecretRef{File: filepath.Join(home, ".tocsin/pg")}},
				Redis:    &config.Redis{URL: "rediss://cache.internal:6379", Password: &config.SecretRef{Env: "REDIS_PASSWORD"}},
				Apps: []config.App{{
					Name: "api", Metrics: "https://api.internal/metrics", Requests: "http_requests_total",
					Errors: `code=~"5.."`, Latency: "http_request_duration_seconds",
				}},
				Probes: []config.Probe{{
					Name: "web", URL: "https://shop.example/health", Timeout: 5 * time.Second,
					Fresh: &config.Fresh{JSON: "updated_at", Max: time.Minute, Purge: "page:*"},
				}},
				StatusPages: []config.StatusPage{{Name: "Vercel", URL: "https://www.vercel-status.com", Form: "statuspage"}}, Contacts: []config.Contact{}, Gauges: []config.Gauge{},
				Vercel: &config.Vercel{
					Project: "shop", Team: "acme", BaseURL: "https://api.vercel.com",
					Token: &config.SecretRef{Command: []string{"pass", "vercel"}},
				},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// A standby is given by its name, or by keys where it has an address.
func TestStandbys(t *testing.T) {
	home := isolate(t)
	path := write(t, filepath.Join(home, "c.yaml"), `targets:
  p:
    postgres:
      dsn: host=db1
      standbys:
        - r1
        - {name: r2, dsn: "host=db2 user=dash", password: {file: ~/.tocsin/pg}}
        - name: "3"
`, 0o644)
	got, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Standby{
		{Name: "r1"},
		{Name: "r2", DSN: "host=db2 user=dash", Password: &config.SecretRef{File: filepath.Join(home, ".tocsin/pg")}},
		{Name: "3"},
	}
	if diff := cmp.Diff(want, got.Targets[0].Postgres.Standbys); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestValidateRefuses(t *testing.T) {
	target := func(text string) string { return "targets:\n  p:\n    " + text + "\n" }
	tests := []struct {
		name string
		text string
		want []string
	}{
		{name: "empty", text: "", want: []string{"c.yaml: no target"}},
		{name: "no targets", text: "state: /s\n", want: []string{"c.yaml:1:1: no target"}},
		{name: "empty target", text: "targets:\n  p: {}\n", want: []string{"c.yaml:2:6: target p has nothing to watch"}},
		{name: "name of a target", text: "targets:\n  a/b: {redis: {url: \"redis://x\"}}\n", want: []string{`target "a/b"`}},
		{name: "unknown key", text: target("postgress: {dsn: x}"), want: []string{"c.yaml:3:5: ", `did you mean "postgres"?`, "postgress: {dsn: x}"}},
		{name: "password in a dsn", text: target(`postgres: {dsn: "host=x password=hunter2"}`), want: []string{"c.yaml:3:21: a password does not belong in dsn"}},
		{name: "password in a dsn url", text: target(`postgres: {dsn: "postgres://u:hunter2@x/db"}`), want: []string{"a password does not belong in dsn"}},
		{name: "password in a query", text: target(`postgres: {dsn: "postgres://u@x/db?password=hunter2"}`), want: []string{"a password does not belong in dsn"}},
		{name: "a project that is no reference", text: target(`supabase: {project: shop, token: {env: T}}`), want: []string{"c.yaml:3:25: \"shop\" is not a reference: 20 lower-case letters"}},
		{name: "a project without a token", text: target(`supabase: {project: abcdefghijklmnopqrst}`), want: []string{"token is missing"}},
		{name: "two ways to a cache", text: target(`redis: {url: "redis://x", rest_url: "https://x.upstash.io", rest_token: {env: T}}`), want: []string{"give either url or rest_url"}},
		{name: "no way to a cache", text: target(`redis: {password: {env: T}}`), want: []string{"give either url or rest_url"}},
		{name: "an address without its token", text: target(`redis: {rest_url: "https://x.upstash.io"}`), want: []string{"rest_url and rest_token belong together"}},
		{name: "half an account", text: target(`redis: {url: "redis://x", upstash: {database: d}}`), want: []string{"upstash needs database, email and api_key"}},
		{name: "an authority that is not there", text: target(`redis: {url: "rediss://x", ca: /no/such.pem}`), want: []string{"there is no file /no/such.pem"}},
		{name: "password in a redis url", text: target(`redis: {url: "redis://:hunter2@x"}`), want: []string{"a password does not belong here"}},
		{name: "no dsn", text: target("postgres: {}"), want: []string{"dsn is missing"}},
		{name: "no console", text: target("pgbouncer: {}"), want: []string{"dsn is missing", "port=6432"}},
		{name: "password of the console", text: target(`pgbouncer: {dsn: "host=x password=hunter2"}`), want: []string{"a password does not belong in dsn"}},
		{name: "a standby twice", text: target(`postgres: {dsn: "host=x", standbys: [a, a]}`), want: []string{"give each standby once"}},
		{name: "a standby twice by name", text: target(`postgres: {dsn: "host=x", standbys: [a, {name: a, dsn: "host=y"}]}`), want: []string{"c.yaml:3:46: give each standby once"}},
		{name: "a standby without a name", text: target(`postgres: {dsn: "host=x", standbys: [{dsn: "host=y"}]}`), want: []string{"give each standby once, by its application_name"}},
		{name: "a key of a standby", text: target(`postgres: {dsn: "host=x", standbys: [{name: a, host: y}]}`), want: []string{`unknown key "host"`}},
		{name: "a list for a standby", text: target(`postgres: {dsn: "host=x", standbys: [[a]]}`), want: []string{"keys and values are wanted here: name, dsn, password"}},
		{name: "password of a standby", text: target(`postgres: {dsn: "host=x", standbys: [{name: a, dsn: "host=y password=hunter2"}]}`), want: []string{"a password does not belong in dsn"}},
		{name: "password and no address of a standby", text: target(`postgres: {dsn: "host=x", standbys: [{name: a, password: {env: P}}]}`), want: []string{"give the address of the standby"}},
		{name: "scheme", text: target(`redis: {url: "http://x"}`), want: []string{"c.yaml:3:18: not an address: begin with redis://, rediss://, unix://"}},
		{name: "two secrets", text: target("redis: {url: \"redis://x\", password: {file: a, env: B}}"), want: []string{"give one of file, env or command"}},
		{name: "no secret", text: target("redis: {url: \"redis://x\", password: {}}"), want: []string{"give one of file, env or command"}},
		{name: "secret in the file", text: target("redis: {url: \"redis://x\", password: hunter2}"), want: []string{"keys and values are wanted here: file, env, command"}},
		{name: "same name", text: target("probes: [{name: a, url: \"http://x\"}, {name: a, url: \"http://y\"}]"), want: []string{`c.yaml:3:49: the name "a" is taken`}},
		{name: "no name", text: target("apps: [{metrics: \"http://x\"}]"), want: []string{"name is missing"}},
		{name: "no url", text: target("status_pages: [{name: a}]"), want: []string{"url is missing"}},
		{name: "no port", text: target("probes: [{name: a, url: \"tcp://x\"}]"), want: []string{"the port is missing"}},
		{name: "timeout", text: target("probes: [{name: a, url: \"http://x\", timeout: soon}]"), want: []string{`"soon" is not a length of time`}},
		{name: "negative timeout", text: target("probes: [{name: a, url: \"http://x\", timeout: -1s}]"), want: []string{"below zero"}},
		{name: "fresh", text: target("probes: [{name: a, url: \"http://x\", fresh: {}}]"), want: []string{"json is missing", "max is missing"}},
		{name: "purge of everything", text: target("probes: [{name: a, url: \"http://x\", fresh: {json: a, max: 1s, purge: \"*\"}}]"), want: []string{"would purge everything"}},
		{name: "vercel", text: target("vercel: {team: a}"), want: []string{"project is missing", "token is missing"}},
		{name: "protected", text: target("vercel: {project: a, token: {env: T}, protected: [\"10.0.0.1\", \"somebody\", \"203.0.113.0/24\"]}"), want: []string{"not an address like 203.0.113.7"}},
		{name: "vercel and deploy", text: target("vercel: {project: a, token: {env: T}}\n    deploy: {list: [a], rollback: [b, \"{id}\"]}"), want: []string{"either vercel or deploy"}},
		{name: "deploy", text: target("deploy: {rollback: [b]}"), want: []string{"list is missing", "no argument says {id}"}},
		{name: "rules file", text: target("redis: {url: \"redis://x\"}") + "rules: nowhere.yaml\n", want: []string{"c.yaml:4:8: there is no file /nowhere/nowhere.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, err := config.Parse("/nowhere/c.yaml", []byte(tt.text))
			if err == nil {
				_, err = file.Validate()
			}
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got\n%v\nwant in it %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the secret:\n%v", err)
			}
		})
	}
}

func TestManagedServices(t *testing.T) {
	home := isolate(t)
	path := write(t, filepath.Join(home, "c.yaml"), `
targets:
  p:
    supabase: {project: abcdefghijklmnopqrst, token: {file: ~/sbp}, metrics_key: {env: K}}
    redis: {rest_url: "https://x.upstash.io", rest_token: {env: T}, upstash: {database: d, email: a@b, api_key: {env: A}}}
`, 0o600)
	got, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Supabase{
		Project: "abcdefghijklmnopqrst", BaseURL: "https://api.supabase.com",
		Token: &config.SecretRef{File: filepath.Join(home, "sbp")}, MetricsKey: &config.SecretRef{Env: "K"},
	}
	if diff := cmp.Diff(want, got.Targets[0].Supabase); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if r := got.Targets[0].Redis; r.Upstash.BaseURL != "https://api.upstash.com/v2" || r.RESTToken.Env != "T" {
		t.Errorf("redis %+v", r)
	}
}

func TestFind(t *testing.T) {
	home := isolate(t)
	var none *config.NotFoundError
	if _, err := config.Find(""); !errors.As(err, &none) || none.Write != filepath.Join(home, "xdg/tocsin/config.yaml") {
		t.Errorf("nothing there: got %v", err)
	}
	expect := func(flag, want string) {
		t.Helper()
		if got, err := config.Find(flag); got != want || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	expect("", write(t, filepath.Join(home, "dirs/tocsin/config.yml"), whole, 0o600))
	expect("", write(t, filepath.Join(home, "xdg/tocsin/config.yml"), whole, 0o600))
	expect("", write(t, filepath.Join(home, "xdg/tocsin/config.yaml"), whole, 0o600))
	t.Setenv(config.EnvPath, "~/named.yaml")
	expect("", filepath.Join(home, "named.yaml"))
	expect("/flag.yaml", "/flag.yaml")
}

func TestReadRefusesAFileAnybodyMayWrite(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "c.yaml"), whole, 0o606)
	if _, err := config.Read(path); err == nil || !strings.Contains(err.Error(), "chmod o-w") {
		t.Errorf("got %v", err)
	}
	if _, err := config.Load(path + "x"); err == nil {
		t.Error("a missing file gives no error")
	}
}

func TestTarget(t *testing.T) {
	one := config.Valid{Targets: []config.Target{{Name: "a"}}}
	two := config.Valid{Path: "c.yaml", Targets: []config.Target{{Name: "a"}, {Name: "b"}}}
	tests := []struct {
		valid   config.Valid
		name    string
		want    string
		wantErr string
	}{
		{valid: one, name: "", want: "a"},
		{valid: two, name: "b", want: "b"},
		{valid: two, name: "", wantErr: "choose one with --target: a, b"},
		{valid: two, name: "c", wantErr: `no target "c": it has a, b`},
		{valid: one, name: "c", wantErr: `no target "c"`},
	}
	for _, tt := range tests {
		got, err := tt.valid.Target(tt.name)
		if got.Name != tt.want || (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
			t.Errorf("%q: got %q, %v", tt.name, got.Name, err)
		}
	}
}

func TestSecretRef(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("A_SECRET", "from the environment")
	tests := []struct {
		name    string
		ref     *config.SecretRef
		want    string
		wantErr string
	}{
		{name: "none", ref: nil},
		{name: "file", ref: &config.SecretRef{File: write(t, filepath.Join(dir, "a"), "hunter2\nmore\n", 0o600)}, want: "hunter2"},
		{name: "carriage return", ref: &config.SecretRef{File: write(t, filepath.Join(dir, "b"), "hunter2\r\n", 0o400)}, want: "hunter2"},
		{name: "group may read", ref: &config.SecretRef{File: write(t, filepath.Join(dir, "c"), "hunter2", 0o640)}, wantErr: "chmod 600"},
		{name: "others may read", ref: &config.SecretRef{File: write(t, filepath.Join(dir, "d"), "hunter2", 0o604)}, wantErr: "chmod 600"},
		{name: "empty", ref: &config.SecretRef{File: write(t, filepath.Join(dir, "e"), "\n", 0o600)}, wantErr: "the secret is empty"},
		{name: "no file", ref: &config.SecretRef{File: filepath.Join(dir, "none")}, wantErr: "no such file"},
		{name: "folder", ref: &config.SecretRef{File: dir}, wantErr: "others may read"},
		{name: "env", ref: &config.SecretRef{Env: "A_SECRET"}, want: "from the environment"},
		{name: "no env", ref: &config.SecretRef{Env: "TOCSIN_NO_SUCH"}, wantErr: "$TOCSIN_NO_SUCH is not set"},
		{name: "command", ref: &config.SecretRef{Command: []string{"printf", "%s\n", "hunter2"}}, want: "hunter2"},
		{name: "no shell", ref: &config.SecretRef{Command: []string{"echo", "$HOME; x"}}, want: "$HOME; x"},
		{name: "command fails", ref: &config.SecretRef{Command: []string{"sh", "-c", "echo hunter2 >&2; exit 3"}}, wantErr: "exit status 3"},
		{name: "endless command", ref: &config.SecretRef{Command: []string{"yes"}}, wantErr: "more than 64 KiB"},
		{name: "nothing", ref: &config.SecretRef{}, wantErr: "one of file, env or command"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.ref.Read(context.Background())
			if got.Reveal() != tt.want || (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("got %q, %v; want %q, %q", got.Reveal(), err, tt.want, tt.wantErr)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Setenv("A_SECRET", "hunter2")
	secret, err := (&config.SecretRef{Env: "A_SECRET"}).Read(t.Context())
	if err != nil || secret.Reveal() != "hunter2" {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(map[string]any{"a": secret})
	if err != nil {
		t.Fatal(err)
	}
	holder := struct{ S config.Secret }{secret}
	for _, text := range []string{
		fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret),
		fmt.Sprintf("%v %+v %#v", holder, holder, &holder), string(asJSON), secret.LogValue().String(),
	} {
		if strings.Contains(text, "hunter2") || !strings.Contains(text, "***") {
			t.Errorf("got %q", text)
		}
	}
}

func TestStateDir(t *testing.T) {
	home := isolate(t)
	shared := filepath.Join(home, "shared")
	private := filepath.Join(home, "state/tocsin")
	check := func(configured, want string) {
		t.Helper()
		if got := config.StateDirShared(configured, shared); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check("", private)
	if _, err := os.Stat(private); err == nil {
		t.Error("looking for the folder made it")
	}
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	check("", private) // a folder without a group is not taken
	if err := os.Chmod(shared, 0o2770); err != nil {
		t.Fatal(err)
	}
	check("", shared)
	check("/srv/named", "/srv/named")
}
