// Package config reads the one configuration file: strict YAML, found in fixed
// places, validated before anything else sees it, with secrets kept apart. It
// must not know what is done with a target.
package config

import "time"

// Config is the configuration file as written.
type Config struct {
	Targets map[string]Target `yaml:"targets" need:"yes" doc:"what to watch, by the name that is shown and typed to arm"`
	State   string            `yaml:"state" default:"/var/lib/tocsin where its group may write, else the XDG state folder" doc:"folder for the audit and the state of the rules; the one above it has to be there"`
	Rules   string            `yaml:"rules" doc:"file of alert rules that override the shipped ones"`
	Keys    string            `yaml:"keys" doc:"file that remaps keys"`
}

// Target is one system to watch. What is not given is not read and shows as
// not configured, never as healthy.
type Target struct {
	Name        string       `yaml:"-"` // its key under targets
	Postgres    *Postgres    `yaml:"postgres" doc:"the PostgreSQL server"`
	PgBouncer   *PgBouncer   `yaml:"pgbouncer" doc:"the PgBouncer before the PostgreSQL server"`
	Redis       *Redis       `yaml:"redis" doc:"the Redis server"`
	Apps        []App        `yaml:"apps" doc:"applications that tell about their own requests"`
	Probes      []Probe      `yaml:"probes" doc:"services to reach from here"`
	StatusPages []StatusPage `yaml:"status_pages" doc:"what providers say of themselves (Atlassian Statuspage, and the page of Stripe)"`
	Vercel      *Vercel      `yaml:"vercel" doc:"a project at Vercel: its deployments, domains, caches and firewall"`
	Supabase    *Supabase    `yaml:"supabase" doc:"the project at Supabase"`
	Deploy      *Deploy      `yaml:"deploy" doc:"deployments elsewhere, by commands of your own; instead of vercel"`
	Prometheus  *Prometheus  `yaml:"prometheus" doc:"a server with the query API of Prometheus (Thanos, Mimir and VictoriaMetrics have it too)"`
	Sentry      *Sentry      `yaml:"sentry" doc:"errors at Sentry"`
	Stripe      *Stripe      `yaml:"stripe" doc:"payments at Stripe; they are only read"`
	Notify      []Notify     `yaml:"notify" doc:"ways to tell of alerts beyond the screen, by a dashboard or by tocsin check --notify; what cannot be delivered waits on disk"`
	Contacts    []Contact    `yaml:"contacts" doc:"people and services to call; they stand in the view of incidents, and need nothing but this file"`
	Gauges      []Gauge      `yaml:"gauges" doc:"numbers of your own business, each by one SQL statement or one HTTP request"`
}

// Postgres is a PostgreSQL server and database.
type Postgres struct {
	DSN      string     `yaml:"dsn" need:"yes" doc:"libpq connection string or URL, without a password; PG* variables and the service file count. Of several hosts the primary is watched, and another while there is none; target_session_attrs says otherwise"`
	Password *SecretRef `yaml:"password" doc:"where the password is; without it ~/.pgpass counts"`
	Standbys []Standby  `yaml:"standbys" doc:"the standbys that have to follow, one that is absent is an alert; the name alone, or keys"`
}

// Standby is a standby of a PostgreSQL server. The file may give its name alone.
type Standby struct {
	Name     string     `yaml:"name" need:"yes" doc:"its application_name"`
	DSN      string     `yaml:"dsn" doc:"libpq connection string or URL of the standby itself, without a password; with it, why it is behind is told, and a paused replay can be resumed"`
	Password *SecretRef `yaml:"password" doc:"where the password is; without it ~/.pgpass counts"`
}

// UnmarshalYAML takes a name in place of the keys.
func (s *Standby) UnmarshalYAML(decode func(any) error) error {
	if decode(&s.Name) == nil {
		return nil
	}
	type keys Standby // without this method
	return decode((*keys)(s))
}

// PgBouncer is the admin console of a PgBouncer.
type PgBouncer struct {
	DSN      string     `yaml:"dsn" need:"yes" doc:"libpq connection string of its admin console, without a password: \"host=… port=6432 user=…\"; the user is one of stats_users"`
	Password *SecretRef `yaml:"password" doc:"where the password is; without it ~/.pgpass counts"`
}

// Redis is a Redis server, reached by its own protocol or, where only that is
// given, over HTTP.
type Redis struct {
	URL       string     `yaml:"url" doc:"redis://host:port/db, rediss:// for TLS or unix:///path; without a password"`
	Password  *SecretRef `yaml:"password" doc:"where the password is"`
	CA        string     `yaml:"ca" doc:"file with the certificate (PEM) of the authority that signed the server's, where the system does not know it"`
	RESTURL   string     `yaml:"rest_url" doc:"address of the REST API of an Upstash database, in place of url"`
	RESTToken *SecretRef `yaml:"rest_token" doc:"where its token is; a read-only one is enough to look"`
	Upstash   *Upstash   `yaml:"upstash" doc:"what Upstash itself counts of the database: hits, latency, bandwidth; accounts made through Vercel or Fly.io have no such key"`
}

// Upstash is a database as its provider sees it.
type Upstash struct {
	Database string     `yaml:"database" need:"yes" doc:"id of the database"`
	Email    string     `yaml:"email" need:"yes" doc:"of the account"`
	APIKey   *SecretRef `yaml:"api_key" need:"yes" doc:"where the management API key is"`
	BaseURL  string     `yaml:"base_url" default:"https://api.upstash.com/v2" doc:"address of the management API"`
}

// App is an application with a metrics endpoint (Prometheus text).
type App struct {
	Name     string `yaml:"name" need:"yes" doc:"name that is shown; differs from those of the other applications"`
	Metrics  string `yaml:"metrics" need:"yes" doc:"address of its metrics endpoint"`
	Requests string `yaml:"requests" default:"http_requests_total" doc:"counter of all requests"`
	Errors   string `yaml:"errors" default:"code=~\"5..\"" doc:"label matchers of the failed ones"`
	Latency  string `yaml:"latency" default:"http_request_duration_seconds" doc:"histogram of their duration"`
}

// Probe is a service to reach.
type Probe struct {
	Name    string        `yaml:"name" need:"yes" doc:"name that is shown; differs from those of the other probes"`
	URL     string        `yaml:"url" need:"yes" doc:"https://…, http://…, tcp://host:port or tls://host:port"`
	Timeout time.Duration `yaml:"timeout" default:"5s" doc:"after which a try has failed"`
	Fresh   *Fresh        `yaml:"fresh" doc:"watches how old the content of the answer is"`
}

// Fresh says how old the content of an answer may be.
type Fresh struct {
	JSON  string        `yaml:"json" need:"yes" doc:"field of the answer that holds the time of its content; names joined by dots"`
	Max   time.Duration `yaml:"max" need:"yes" doc:"age above which it is stale"`
	Purge string        `yaml:"purge" doc:"cache keys to offer for purging then: page:*"`
	Tag   string        `yaml:"tag" doc:"tag at the provider's CDN to offer for purging then: offers"`
}

// StatusPage is the status page of a provider.
type StatusPage struct {
	Name string `yaml:"name" need:"yes" doc:"name that is shown; differs from those of the other pages"`
	URL  string `yaml:"url" need:"yes" doc:"address of the page"`
	Form string `yaml:"form" default:"statuspage" doc:"statuspage, or stripe for https://status.stripe.com"`
}

// Vercel is a project at Vercel.
type Vercel struct {
	Project string     `yaml:"project" need:"yes" doc:"name or id of the project"`
	Team    string     `yaml:"team" doc:"slug or id of the team"`
	Token   *SecretRef `yaml:"token" need:"yes" doc:"where the access token is"`
	BaseURL string     `yaml:"base_url" default:"https://api.vercel.com" doc:"address of the API"`
	// Protected is told as it stands; what it means is checked.
	Protected []string `yaml:"protected" doc:"addresses and prefixes that are never blocked: monitoring, offices, payment providers, the address this machine goes out by"`
}

// Supabase is a project at Supabase.
type Supabase struct {
	Project    string     `yaml:"project" need:"yes" doc:"reference of the project: 20 lower-case letters"`
	Token      *SecretRef `yaml:"token" need:"yes" doc:"where the access token of the management API is (sbp_…); one of its own, with read rights, is best"`
	MetricsKey *SecretRef `yaml:"metrics_key" doc:"where a secret key of the project is (sb_secret_…), for what its machine tells: CPU, memory, disk; without it that is not read"`
	BaseURL    string     `yaml:"base_url" default:"https://api.supabase.com" doc:"address of the management API"`
	MetricsURL string     `yaml:"metrics_url" default:"that of the project" doc:"address of the metrics of its machine"`
}

// Deploy does with commands what a deployment provider would do. Each is a
// program with its arguments and runs without a shell; {id} in an argument of
// Rollback and Promote stands for the build.
type Deploy struct {
	List     []string `yaml:"list" need:"yes" doc:"prints the builds, newest first, as a JSON array: id, name, state (READY, ERROR, …), commit, message, author, created and ready (RFC 3339), live, candidate"`
	Rollback []string `yaml:"rollback" need:"yes" doc:"makes build {id} live; exit status 0 means that it serves"`
	Promote  []string `yaml:"promote" doc:"makes build {id} live again after a rollback; without it, rollback is used"`
}

// SecretRef says where a secret is. Exactly one of its fields is set.
type SecretRef struct {
	File    string   `yaml:"file" doc:"a file that only its owner may read (0600); its first line counts"`
	Env     string   `yaml:"env" doc:"an environment variable"`
	Command []string `yaml:"command" doc:"a program with its arguments that prints it; runs without a shell"`
}

// Valid is a configuration that holds together. Only [File.Validate] makes one;
// all paths are absolute, all defaults filled in.
type Valid struct {
	Path    string   // of the file
	Targets []Target // by name; one at least
	State   string   // folder; "" means the default, see StateDir
	Rules   string   // file; "" means the shipped rules
	Keys    string   // file; "" means the shipped keys
}
