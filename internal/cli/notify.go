package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/config"
	"tocsin/internal/notify"
	"tocsin/internal/sched"
	"tocsin/internal/statedir"
	"tocsin/internal/store"
)

// noticesFile keeps what was told and what waits to be, for whoever leads.
const noticesFile = "notify.json"

// addNotify adds the ways by which alerts are told beyond the screen.
func (p *program) addNotify() {
	if len(p.target.Notify) == 0 {
		return
	}
	o := notify.Options{
		Target: p.target.Name, Host: hostname(), Load: p.state.notices, Lead: func() bool { return p.lead.is(time.Now()) },
		Save: func(data []byte) error { return statedir.Replace(filepath.Join(p.state.dir, noticesFile), data) },
	}
	for _, c := range p.target.Notify {
		o.Channels = append(o.Channels, notify.Channel{Name: c.Name, Least: alert.Severity(c.Least), Send: p.wayOf(c)})
	}
	p.notifier = notify.New(o)
	add(p, store.NoticesKey(), p.notifier, sched.Timing{Every: 15 * time.Second, Timeout: time.Second})
}

// wayOf is how a channel sends.
func (p *program) wayOf(c config.Notify) func(context.Context, notify.Event) error {
	switch {
	case c.Webhook != nil:
		return notify.Webhook(p.secretOf("notify "+c.Name, c.Webhook), userAgent())
	case c.PagerDuty != nil:
		return notify.PagerDuty(c.BaseURL, p.secretOf("notify "+c.Name, c.PagerDuty), userAgent())
	default:
		return notify.Command(c.Command)
	}
}

// notices gives what was kept; nil where nothing was.
func (f folder) notices() ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(f.dir, noticesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// tellOnceWithin is how long a single look may take to tell.
const tellOnceWithin = 20 * time.Second

// tellOnce tells what crossed a threshold since somebody last told, unless a
// dashboard does: by one that has ended, too.
func (p *program) tellOnce(now time.Time, alerts []alert.Alert) error {
	ctx, cancel := context.WithTimeout(context.Background(), tellOnceWithin)
	defer cancel()
	p.notifier.See(now, alerts)
	return p.notifier.Flush(ctx)
}

// tell delivers what is to be told until ctx ends; what it gives is closed then.
func (p *program) tell(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	if p.notifier == nil {
		close(done)
		return done
	}
	go func() { p.notifier.Run(ctx); close(done) }()
	return done
}
