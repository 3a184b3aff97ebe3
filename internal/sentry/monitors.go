package sentry

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/internal/web"
)

// Monitor is one cron in one environment.
type Monitor struct {
	Slug, Name  string
	Project     string
	Environment string
	Schedule    string // crontab, or "every 10 minutes"
	Zone        string
	Status      string // of the environment: ok, error, missed_checkin, timeout, active, disabled
	Muted       bool
	LastCheckIn time.Time // zero when there was none
	NextCheckIn time.Time // zero when it is not told
}

// monitorPages bounds how many pages of crons are read.
const monitorPages = 5

// Monitors lists the crons, and whether there are more than are listed.
// Source: GET monitors.
func (c *Client) Monitors(ctx context.Context) (out []Monitor, more bool, err error) {
	q := c.query(0)
	for range monitorPages {
		var page []monitorBody
		next, err := c.page(ctx, web.Request{Path: c.path("monitors"), Query: q, Scope: right("alerts:read")}, &page)
		if err != nil {
			return nil, false, err
		}
		for _, m := range page {
			out = append(out, m.monitors()...)
		}
		if more = next != ""; !more {
			return out, false, nil
		}
		q.Set("cursor", next)
	}
	return out, more, nil
}

// monitorBody is a cron with its environments, which the contract has as one
// and the API as many.
type monitorBody struct {
	Slug    string `json:"slug"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	IsMuted bool   `json:"isMuted"`
	Project struct {
		Slug string `json:"slug"`
	} `json:"project"`
	Config struct {
		Schedule json.RawMessage `json:"schedule"`
		Timezone string          `json:"timezone"`
	} `json:"config"`
	Environments json.RawMessage `json:"environments"`
}

type monitorEnvironment struct {
	Name        string     `json:"name"`
	Status      string     `json:"status"`
	IsMuted     bool       `json:"isMuted"`
	LastCheckIn *time.Time `json:"lastCheckIn"`
	NextCheckIn *time.Time `json:"nextCheckIn"`
}

func (b monitorBody) monitors() []Monitor {
	m := Monitor{
		Slug: b.Slug, Name: b.Name, Project: b.Project.Slug, Status: b.Status, Muted: b.IsMuted,
		Schedule: schedule(b.Config.Schedule), Zone: b.Config.Timezone,
	}
	var environments []monitorEnvironment
	if json.Unmarshal(b.Environments, &environments) != nil {
		var one monitorEnvironment
		if json.Unmarshal(b.Environments, &one) == nil {
			environments = []monitorEnvironment{one}
		}
	}
	if len(environments) == 0 {
		return []Monitor{m}
	}
	var out []Monitor
	for _, e := range environments {
		own := m
		own.Environment, own.Muted = e.Name, m.Muted || e.IsMuted
		if m.Status != "disabled" {
			own.Status = e.Status
		}
		own.LastCheckIn, own.NextCheckIn = instant(e.LastCheckIn), instant(e.NextCheckIn)
		out = append(out, own)
	}
	return out
}

// schedule writes a crontab as it is, and [10, "minute"] as every 10 minutes.
func schedule(raw json.RawMessage) string {
	var cron string
	if json.Unmarshal(raw, &cron) == nil {
		return cron
	}
	var pair []any
	if json.Unmarshal(raw, &pair) != nil || len(pair) != 2 {
		return ""
	}
	n, unit := text(pair[0]), text(pair[1])
	if n == "1" {
		return "every " + unit
	}
	return fmt.Sprintf("every %s %ss", n, unit)
}
