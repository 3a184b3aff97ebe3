package vercel

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"tocsin/internal/web"
)

// allHosts is the host name of a rule that counts for every one.
const allHosts = "*"

// Firewall is the configuration of a project's firewall that counts now.
type Firewall struct {
	On      bool
	Version int
	Rules   []IPRule
	Custom  int // rules that look at more than an address
	Draft   int // changes that somebody prepared and did not publish
}

// IPRule is what happens to requests of one address or network.
type IPRule struct {
	ID     string
	IP     string // an address or a prefix
	Host   string // "*" is every host
	Action string // deny, challenge, log, bypass
	Notes  string
}

// Firewall reads the configuration. A project that never had one has none: its
// zero value. Source: GET /v1/security/firewall/config.
func (c *Client) Firewall(ctx context.Context, projectID string) (Firewall, error) {
	type config struct {
		On      bool `json:"firewallEnabled"`
		Version int  `json:"version"`
		IPs     []struct {
			ID       string `json:"id"`
			IP       string `json:"ip"`
			Hostname string `json:"hostname"`
			Action   string `json:"action"`
			Notes    string `json:"notes"`
		} `json:"ips"`
		Rules   []struct{} `json:"rules"`
		Changes []struct{} `json:"changes"`
	}
	var body struct {
		Active *config `json:"active"`
		Draft  *config `json:"draft"`
	}
	err := c.web.GetJSON(ctx, "/v1/security/firewall/config", c.ofProject(projectID), &body)
	if refused, is := errors.AsType[*web.StatusError](err); is && refused.Status == http.StatusNotFound {
		return Firewall{}, nil
	}
	if err != nil {
		return Firewall{}, err
	}
	out := Firewall{}
	if a := body.Active; a != nil {
		out = Firewall{On: a.On, Version: a.Version, Custom: len(a.Rules)}
		for _, ip := range a.IPs {
			out.Rules = append(out.Rules, IPRule{ID: ip.ID, IP: ip.IP, Host: ip.Hostname, Action: ip.Action, Notes: ip.Notes})
		}
	}
	if body.Draft != nil {
		out.Draft = len(body.Draft.Changes)
	}
	return out, nil
}

// Block asks to refuse every request of an address or prefix to any host.
// Source: PATCH /v1/security/firewall/config.
func (c *Client) Block(ctx context.Context, projectID, ip, notes string) error {
	return c.configure(ctx, projectID, map[string]any{
		"action": "ip.insert", "id": nil,
		"value": map[string]string{"ip": ip, "hostname": allHosts, "action": "deny", "notes": notes},
	})
}

// Unblock asks to remove an IP rule. Source: PATCH /v1/security/firewall/config.
func (c *Client) Unblock(ctx context.Context, projectID, ruleID string) error {
	return c.configure(ctx, projectID, map[string]any{"action": "ip.remove", "id": ruleID, "value": nil})
}

func (c *Client) configure(ctx context.Context, projectID string, change map[string]any) error {
	_, err := c.web.Send(ctx, web.Request{
		Method: http.MethodPatch, Path: "/v1/security/firewall/config", Query: c.ofProject(projectID), Body: change,
	}, nil)
	return err
}

// AttackMode asks to challenge every visitor until an instant; zero ends that.
// Source: POST /v1/security/attack-mode.
func (c *Client) AttackMode(ctx context.Context, projectID string, until time.Time) error {
	body := map[string]any{"projectId": projectID, "attackModeEnabled": !until.IsZero()}
	if !until.IsZero() {
		body["attackModeActiveUntil"] = until.UnixMilli()
	}
	_, err := c.web.Send(ctx, web.Request{Method: http.MethodPost, Path: "/v1/security/attack-mode", Query: c.query(), Body: body}, nil)
	return err
}

// Mitigation is a series of requests that the firewall acted on.
type Mitigation struct {
	IP     string
	Host   string
	Action string // deny, challenge, ...
	Count  int64
	Active bool // it goes on
	Began  time.Time
	Ended  time.Time
}

// Mitigations lists what the firewall did since an instant.
// Source: GET /v1/security/firewall/events.
func (c *Client) Mitigations(ctx context.Context, projectID string, since time.Time) ([]Mitigation, error) {
	q := c.ofProject(projectID)
	q.Set("startTimestamp", millisText(since))
	var body struct {
		Actions []struct {
			Start  instant `json:"startTime"`
			End    instant `json:"endTime"`
			Active bool    `json:"isActive"`
			Action string  `json:"action_type"`
			Host   string  `json:"host"`
			IP     string  `json:"public_ip"`
			Count  float64 `json:"count"`
		} `json:"actions"`
	}
	if err := c.web.GetJSON(ctx, "/v1/security/firewall/events", q, &body); err != nil {
		return nil, err
	}
	var out []Mitigation
	for _, a := range body.Actions {
		out = append(out, Mitigation{IP: a.IP, Host: a.Host, Action: a.Action, Count: int64(a.Count), Active: a.Active, Began: time.Time(a.Start), Ended: time.Time(a.End)})
	}
	return out, nil
}

// Attacks lists when the attacks of the last day began that still go on.
// Source: GET /v1/security/firewall/attack-status.
func (c *Client) Attacks(ctx context.Context, projectID string) ([]time.Time, error) {
	var body struct {
		Anomalies []struct {
			Start float64  `json:"startTime"`
			End   *float64 `json:"endTime"`
		} `json:"anomalies"`
	}
	if err := c.web.GetJSON(ctx, "/v1/security/firewall/attack-status", c.ofProject(projectID), &body); err != nil {
		return nil, err
	}
	var out []time.Time
	for _, a := range body.Anomalies {
		if a.End == nil {
			out = append(out, millis(a.Start))
		}
	}
	return out, nil
}

// ofProject is the query of the firewall's endpoints, which want the id.
func (c *Client) ofProject(id string) url.Values {
	q := c.query()
	q.Set("projectId", id)
	return q
}
