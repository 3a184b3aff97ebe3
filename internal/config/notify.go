package config

import "slices"

// Notify is one way to tell of alerts beyond the screen. Exactly one of Webhook,
// PagerDuty and Command is set.
type Notify struct {
	Name      string     `yaml:"name" need:"yes" doc:"name that is shown; differs from those of the other ways"`
	Webhook   *SecretRef `yaml:"webhook" doc:"where the address of an incoming webhook is, in the shape of Slack; the whole address is secret"`
	PagerDuty *SecretRef `yaml:"pagerduty" doc:"where the integration key of a service at PagerDuty is (Events API v2)"`
	Command   []string   `yaml:"command" doc:"a program with its arguments; runs without a shell. {kind}, {severity}, {rule}, {target} and {summary} in the arguments are filled in, the event as JSON is on its standard input"`
	Least     string     `yaml:"least" default:"P2" doc:"the mildest severity that is told: P0, P1, P2 or P3"`
	BaseURL   string     `yaml:"base_url" default:"https://events.pagerduty.com/v2" doc:"address of the events API, with pagerduty"`
}

// notify checks a way to tell.
func (c *checker) notify(path []any, n Notify) (Notify, string) {
	given := 0
	for _, set := range []bool{n.Webhook != nil, n.PagerDuty != nil, len(n.Command) > 0} {
		if set {
			given++
		}
	}
	if given != 1 {
		c.refuse(path, "give one of webhook, pagerduty or command")
	}
	if len(n.Command) > 0 && n.Command[0] == "" {
		c.refuse(at(path, "command"), "the program is missing")
	}
	orElse(&n.Least, "P2")
	if !slices.Contains([]string{"P0", "P1", "P2", "P3"}, n.Least) {
		c.refuse(at(path, "least"), "least %q: one of P0, P1, P2, P3", n.Least)
	}
	switch {
	case n.PagerDuty != nil:
		orElse(&n.BaseURL, "https://events.pagerduty.com/v2")
		c.address(at(path, "base_url"), n.BaseURL, "http", "https")
	case n.BaseURL != "":
		c.refuse(at(path, "base_url"), "base_url belongs to pagerduty")
	}
	n.Webhook, n.PagerDuty = c.secret(at(path, "webhook"), n.Webhook), c.secret(at(path, "pagerduty"), n.PagerDuty)
	return n, n.Name
}
