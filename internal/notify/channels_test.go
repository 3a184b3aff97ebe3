package notify

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/alert"
	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

const (
	hookPath = "/services/T00000000/B00000000/xxxxxxxxxxxxxxxxxxxxxxxx"
	dutyKey  = "0123456789abcdef0123456789abcdef"
)

func event(kind alert.PageKind) Event {
	at := time.Date(2026, 11, 23, 3, 12, 44, 0, time.UTC)
	return Event{
		Kind: kind, Target: "prod", Host: "bastion", Key: "db.connections{db=shop}", Rule: "db.connections", Group: "db", Severity: alert.P1,
		Summary: "prod: <b> & 86 %", Value: "86 %", Threshold: "> 80%", Runbook: "connections-exhausted", Since: at.Add(-time.Minute), At: at,
	}
}

func kinds() []alert.PageKind {
	return []alert.PageKind{alert.Trigger, alert.Acknowledge, alert.Resolve}
}

func says(text string) Secret { return func(context.Context) (string, error) { return text, nil } }

// The calls are those that the vendors' documents allow.
func TestContracts(t *testing.T) {
	slack := Webhook(says(servers.Mock(t, "slack-webhook")+hookPath), "tocsin/test")
	duty := PagerDuty(servers.Mock(t, "pagerduty-events"), says(dutyKey), "tocsin/test")
	for _, kind := range kinds() {
		if err := slack(t.Context(), event(kind)); err != nil {
			t.Errorf("slack %s: %v", kind, err)
		}
		if err := duty(t.Context(), event(kind)); err != nil {
			t.Errorf("pagerduty %s: %v", kind, err)
		}
	}
}

// What a server does wrong is told, with its class, after one request, and the
// secret stays out of it.
func TestServersThatFail(t *testing.T) {
	for _, f := range testkit.Failures() {
		if f.Reads {
			continue // nobody reads these answers
		}
		t.Run(f.Name, func(t *testing.T) {
			for name, call := range map[string]func(ctx context.Context, base string) error{
				"slack": func(ctx context.Context, base string) error {
					return Webhook(says(base+hookPath), "tocsin/test")(ctx, event(alert.Trigger))
				},
				"pagerduty": func(ctx context.Context, base string) error {
					return PagerDuty(base, says(dutyKey), "tocsin/test")(ctx, event(alert.Trigger))
				},
			} {
				short := func(ctx context.Context, base string) error {
					ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
					defer cancel()
					return call(ctx, base)
				}
				fail := testkit.CheckFailure(t, f, short)
				for _, secret := range []string{"xxxxxxxx", "B00000000", dutyKey} {
					if strings.Contains(fail.Error(), secret) {
						t.Errorf("%s tells its secret: %s", name, fail)
					}
				}
			}
		})
	}
}

func TestADeadServer(t *testing.T) {
	base, _ := testkit.Counted(t, func(http.ResponseWriter, *http.Request) {})
	dead := strings.Replace(base, "127.0.0.1", "127.0.0.2", 1) // nobody listens there
	err := Webhook(says(dead+hookPath), "")(t.Context(), event(alert.Trigger))
	if fail := model.FailOf(err); fail == nil || fail.Class != model.Down || strings.Contains(fail.Error(), "B00000000") {
		t.Errorf("got %v", err)
	}
}

// An answer that is for good is known as such behind the hidden secret, and one
// that repeats a secret does not get it onto the screen.
func TestRefusals(t *testing.T) {
	base, _ := testkit.Counted(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"message":"bad key `+dutyKey+`"}`)
	})
	err := PagerDuty(base, says(dutyKey), "")(t.Context(), event(alert.Trigger))
	if !hopeless(err) || strings.Contains(err.Error(), dutyKey) || !strings.Contains(err.Error(), "400: bad key ***") {
		t.Errorf("got %v", err)
	}
	for name, err := range map[string]error{
		"no secret":  Webhook(func(context.Context) (string, error) { return "", errors.New("$HOOK is not set") }, "")(t.Context(), Event{}),
		"no address": Webhook(says("hooks.slack.com/services"), "")(t.Context(), Event{}),
	} {
		if err == nil || hopeless(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestBodies(t *testing.T) {
	var body map[string]any
	base, _ := testkit.Counted(t, func(_ http.ResponseWriter, r *http.Request) {
		body = nil
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
	})
	if err := Webhook(says(base+hookPath), "")(t.Context(), event(alert.Trigger)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"text": "*prod: &lt;b&gt; &amp; 86 %*"}, body); diff != "" {
		t.Errorf("slack (-want +got):\n%s", diff)
	}
	if err := PagerDuty(base, says(dutyKey), "")(t.Context(), event(alert.Trigger)); err != nil {
		t.Fatal(err)
	}
	key := "tocsin/prod/db.connections{db=shop}"
	want := map[string]any{
		"routing_key": dutyKey, "event_action": "trigger", "dedup_key": key, "client": "tocsin",
		"payload": map[string]any{
			"summary": "prod: <b> & 86 %", "source": "prod", "severity": "error", "timestamp": "2026-11-23T03:11:44Z",
			"component": "db.connections", "group": "db", "class": "P1",
			"custom_details": map[string]any{"value": "86 %", "fires": "> 80%", "runbook": "connections-exhausted", "told by": "bastion"},
		},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("pagerduty (-want +got):\n%s", diff)
	}
	if err := PagerDuty(base, says(dutyKey), "")(t.Context(), event(alert.Resolve)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"routing_key": dutyKey, "event_action": "resolve", "dedup_key": key}, body); diff != "" {
		t.Errorf("the end (-want +got):\n%s", diff)
	}
	long := event(alert.Trigger)
	long.Key, long.Summary = strings.Repeat("k", 400), strings.Repeat("é", 2000)
	if d := duty(long, dutyKey); len(d.DedupKey) > 255 || len([]rune(d.Payload.Summary)) != summaryMax {
		t.Errorf("key of %d, summary of %d", len(d.DedupKey), len([]rune(d.Payload.Summary)))
	}
}

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "page")
	text := "#!/bin/sh\ncat > \"$1\"\necho \"$2\" >> \"$1\"\n[ \"$3\" = resolve ] || exit 0\necho 'no such pager: $(date)' >&2\nexit 3\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	tell := Command([]string{script, out, "{severity} {rule}: {summary}", "{kind}"})
	e := event(alert.Trigger)
	e.Summary = "a; rm -rf / $(id)"
	if err := tell(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(got), "\n")
	var back Event
	if err := json.Unmarshal([]byte(first), &back); err != nil || back != e {
		t.Errorf("%v: got %+v", err, back)
	}
	if rest != "P1 db.connections: a; rm -rf / $(id)\n" {
		t.Errorf("arguments: %q", rest)
	}
	if err := tell(t.Context(), event(alert.Resolve)); err == nil || !strings.HasSuffix(err.Error(), "/page: no such pager: $(date)") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Command([]string{"sleep", "60"})(ctx, e); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one that does not end: %v", err)
	}
	if err := Command([]string{filepath.Join(dir, "none")})(t.Context(), e); err == nil || hopeless(err) {
		t.Errorf("one that is not there: %v", err)
	}
}
