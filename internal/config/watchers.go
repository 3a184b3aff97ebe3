package config

import "time"

// Prometheus is a server that other machines and applications are read through.
type Prometheus struct {
	URL    string     `yaml:"url" need:"yes" doc:"address of the server, up to what stands before /api/v1"`
	User   string     `yaml:"user" doc:"user of HTTP Basic, with token as the password"`
	Token  *SecretRef `yaml:"token" doc:"where the bearer token is, or the password of user"`
	Tenant string     `yaml:"tenant" doc:"sent as X-Scope-OrgID, for Mimir"`
	Apps   []PromApp  `yaml:"apps" doc:"applications whose requests it counts; $window stands for the length of time, $q for the quantile"`
	Hosts  *PromHosts `yaml:"hosts" doc:"machines with a node exporter: {} takes the usual expressions; each has to give one series per machine, in percent but for up"`
}

// PromApp says with which expressions a Prometheus tells about an application.
type PromApp struct {
	Name     string `yaml:"name" need:"yes" doc:"name that is shown; differs from those of the other applications"`
	Requests string `yaml:"requests" default:"sum(increase(http_requests_total[$window]))" doc:"how many requests there were in $window"`
	Errors   string `yaml:"errors" default:"sum(increase(http_requests_total{code=~\"5..\"}[$window])) or 0 * sum(increase(http_requests_total[$window]))" doc:"how many of them failed"`
	Latency  string `yaml:"latency" default:"histogram_quantile($q, sum by (le) (rate(http_request_duration_seconds_bucket[$window])))" doc:"the quantile $q of their duration over $window, in seconds"`
}

// PromHosts says with which expressions a Prometheus tells about machines.
type PromHosts struct {
	Label  string `yaml:"label" default:"instance" doc:"label by which a machine is told apart"`
	Up     string `yaml:"up" default:"up{job=~\".*node.*\"}" doc:"1 for a machine whose newest scrape went well, else 0"`
	CPU    string `yaml:"cpu" default:"100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])))" doc:"how busy it is"`
	Memory string `yaml:"memory" default:"100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)" doc:"memory that is not available"`
	Disk   string `yaml:"disk" default:"max by (instance) (100 * (1 - node_filesystem_avail_bytes{fstype!~\"tmpfs|ramfs|squashfs|overlay|iso9660\"} / node_filesystem_size_bytes))" doc:"use of its fullest file system"`
}

// Sentry is an organization at Sentry, or some of its projects.
type Sentry struct {
	Org      string     `yaml:"org" need:"yes" doc:"slug of the organization"`
	Projects []string   `yaml:"projects" doc:"slugs of the projects; without any, all that the token may see"`
	Token    *SecretRef `yaml:"token" need:"yes" doc:"where the token is; it needs org:read, event:read and alerts:read, and event:write to change issues"`
	BaseURL  string     `yaml:"base_url" default:"https://us.sentry.io" doc:"address of the API: of your region, https://de.sentry.io, or your own"`
	Quota    int        `yaml:"quota" doc:"errors that the plan takes in 30 days: Sentry tells what is used and not what is left"`
}

// Stripe is an account at Stripe.
type Stripe struct {
	Key     *SecretRef `yaml:"key" need:"yes" doc:"where the key is: a restricted one (rk_...) that may read charges, disputes, events and subscriptions, and nothing else"`
	Zone    string     `yaml:"zone" default:"UTC" doc:"time zone in which a day begins: Europe/Berlin"`
	BaseURL string     `yaml:"base_url" default:"https://api.stripe.com" doc:"address of the API"`
}

// Gauge is a number of the business. Exactly one of SQL and URL is set.
type Gauge struct {
	Name       string        `yaml:"name" need:"yes" doc:"name that is shown; differs from those of the other gauges"`
	SQL        string        `yaml:"sql" doc:"a SELECT of one row with one number, or two for a share: the part and the whole; it runs in a read-only transaction of 5 s at most, on a connection that the gauges share"`
	URL        string        `yaml:"url" doc:"address that answers with JSON"`
	JSON       string        `yaml:"json" doc:"field of the answer with the number; names and places in lists joined by dots: data.0.users"`
	Of         string        `yaml:"of" doc:"field of the answer with the whole of which json is the part: makes it a share"`
	Token      *SecretRef    `yaml:"token" doc:"where the bearer token for url is"`
	Every      time.Duration `yaml:"every" default:"5m" doc:"between two readings, 1m at least"`
	Unit       string        `yaml:"unit" doc:"what it counts, as shown behind the number: users, EUR; a share is always in %"`
	Definition string        `yaml:"definition" need:"yes" doc:"what exactly the number is; shown beside it"`
	MinBase    int           `yaml:"min_base" doc:"whole below which a share says nothing and is not known"`
}
