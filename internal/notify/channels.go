package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/web"
)

// Secret fetches a secret anew for each event, so that a rotated one is found.
type Secret func(ctx context.Context) (string, error)

// Webhook sends to an incoming webhook in the shape of Slack, which many take:
// {"text": …}. Its whole address is secret.
// Source: POST, answered with ok.
func Webhook(address Secret, userAgent string) func(context.Context, Event) error {
	return func(ctx context.Context, e Event) error {
		text, err := address(ctx)
		if err != nil {
			return err
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("the address of the webhook is none: https://…")
		}
		client := web.New(web.Options{Base: u.Scheme + "://" + u.Host, UserAgent: userAgent})
		defer client.Close()
		r := web.Request{Method: http.MethodPost, Path: u.EscapedPath(), Query: u.Query(), Body: map[string]string{"text": slackText(e)}, Accept: "*/*"}
		_, err = client.Send(ctx, r, nil)
		return hidden(err, u.EscapedPath(), u.Path)
	}
}

// slackText is the line in Slack's markup: what it would take for a link or a
// mention is escaped.
func slackText(e Event) string {
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(e.Summary)
	if e.Kind == alert.Trigger && e.Severity <= alert.P1 {
		return "*" + escaped + "*"
	}
	return escaped
}

// PagerDutyURL is where PagerDuty takes events.
const PagerDutyURL = "https://events.pagerduty.com/v2"

// PagerDuty sends to a service at PagerDuty by its integration key.
// Source: POST /v2/enqueue of the Events API v2, answered with 202.
func PagerDuty(base string, key Secret, userAgent string) func(context.Context, Event) error {
	return func(ctx context.Context, e Event) error {
		secret, err := key(ctx)
		if err != nil {
			return err
		}
		client := web.New(web.Options{Base: cmp.Or(base, PagerDutyURL), UserAgent: userAgent})
		defer client.Close()
		_, err = client.Send(ctx, web.Request{Method: http.MethodPost, Path: "/enqueue", Body: duty(e, secret)}, nil)
		return hidden(err, secret)
	}
}

// dutyEvent is an event as PagerDuty takes it.
type dutyEvent struct {
	RoutingKey string       `json:"routing_key"`
	Action     string       `json:"event_action"`
	DedupKey   string       `json:"dedup_key"`
	Client     string       `json:"client,omitempty"`
	Payload    *dutyPayload `json:"payload,omitempty"` // of a trigger
}

type dutyPayload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp string            `json:"timestamp"`
	Component string            `json:"component,omitempty"`
	Group     string            `json:"group,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details,omitempty"`
}

// summaryMax is the longest summary that PagerDuty takes, in runes.
const summaryMax = 1024

func duty(e Event, key string) dutyEvent {
	out := dutyEvent{RoutingKey: key, Action: string(e.Kind), DedupKey: dedupKey(e)}
	if e.Kind != alert.Trigger {
		return out
	}
	short := []rune(e.Summary)
	out.Client = "tocsin"
	out.Payload = &dutyPayload{
		Summary: string(short[:min(len(short), summaryMax)]), Source: cmp.Or(e.Target, e.Host), Severity: dutySeverity(e.Severity),
		Timestamp: e.Since.Format(time.RFC3339), Component: e.Rule, Group: e.Group, Class: string(e.Severity),
		Details: map[string]string{"value": e.Value, "fires": e.Threshold, "runbook": e.Runbook, "told by": e.Host},
	}
	return out
}

func dutySeverity(s alert.Severity) string {
	switch s {
	case alert.P0:
		return "critical"
	case alert.P1:
		return "error"
	case alert.P2:
		return "warning"
	default:
		return "info"
	}
}

// dedupKey is the same from trigger to resolve, and within the length that
// PagerDuty takes.
func dedupKey(e Event) string {
	key := "tocsin/" + e.Target + "/" + e.Key
	if len(key) <= 255 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return key[:180] + "/" + hex.EncodeToString(sum[:16])
}

// Command runs a program for each event: {kind}, {severity}, {rule}, {target}
// and {summary} in its arguments are filled in, and the event as JSON is on its
// standard input. It runs without a shell; status 0 means that it was told.
func Command(argv []string) func(context.Context, Event) error {
	return func(ctx context.Context, e Event) error {
		var text bytes.Buffer
		out := json.NewEncoder(&text)
		out.SetEscapeHTML(false)
		if err := out.Encode(e); err != nil {
			return err
		}
		fill := strings.NewReplacer("{kind}", string(e.Kind), "{severity}", string(e.Severity), "{rule}", e.Rule, "{target}", e.Target, "{summary}", e.Summary)
		args := make([]string, 0, len(argv))
		for _, a := range argv[1:] {
			args = append(args, fill.Replace(a))
		}
		cmd := exec.CommandContext(ctx, argv[0], args...)
		cmd.WaitDelay = time.Second // for children of its own that hold its output
		cmd.Stdin = &text
		said := &head{}
		cmd.Stderr = said
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", argv[0], cmp.Or(said.fault(), ctx.Err(), err))
		}
		return nil
	}
}

// head keeps the beginning of what a program says.
type head struct{ text []byte }

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(len(p), 400-len(h.text))]...)
	return len(p), nil
}

// fault is the first line of it as an error; nil when nothing was said.
func (h *head) fault() error {
	line, _, _ := strings.Cut(strings.TrimSpace(string(h.text)), "\n")
	if line == "" {
		return nil
	}
	return errors.New(strings.ToValidUTF8(line, "?"))
}

// hidden is a failure without what is secret in its text.
func hidden(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	hide := func(text string) string {
		for _, s := range secrets {
			if len(s) > 1 {
				text = strings.ReplaceAll(text, strings.TrimPrefix(s, "/"), "***")
			}
		}
		return text
	}
	status, refused := errors.AsType[*web.StatusError](err)
	fail, ok := errors.AsType[*model.Fail](err)
	if !ok {
		return errors.New(hide(err.Error()))
	}
	own := *fail
	own.Text, own.Hint = hide(fail.Text), ""
	if refused {
		return &refusal{status: status, fail: &own}
	}
	return &own
}

// refusal is an answer that says no, without what is secret in its text.
type refusal struct {
	status *web.StatusError
	fail   *model.Fail
}

// Error says what was said.
func (r *refusal) Error() string { return r.fail.Error() }

// As gives the answer and the failure to those who look at their class.
func (r *refusal) As(target any) bool {
	switch to := target.(type) {
	case **web.StatusError:
		*to = r.status
	case **model.Fail:
		*to = r.fail
	default:
		return false
	}
	return true
}
