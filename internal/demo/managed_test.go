package demo_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/demo"
)

// ask sends one request to the project at Supabase.
func (r *running) ask(method, path, body string) (int, string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.ManagedURL+"/v1/projects/shopshopshopshopshop"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.ManagedToken)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// healthy waits until the project is in order.
func (r *running) healthy() {
	r.t.Helper()
	waitWithin(r.t, time.Minute, "the project to be in order", func() bool { // it restarts a server
		_, body := r.ask(http.MethodGet, "", "")
		return strings.Contains(body, `"ACTIVE_HEALTHY"`)
	})
}

// What is asked for at Supabase is really done to the database.
func TestTheProjectIsTheDatabase(t *testing.T) {
	t.Parallel()
	r := start(t, demo.Options{Dir: t.TempDir()})

	waitFor(t, "the partner to be refused", func() bool { return strings.Contains(r.state().Partner, "rejects connection") })
	if code, body := r.ask(http.MethodDelete, "/network-bans", `{"ipv4_addresses":["127.0.0.66"]}`); code != http.StatusOK {
		t.Fatalf("unban: %d %s", code, body)
	}
	waitFor(t, "the partner to get in", func() bool { return r.state().Partner == "" })

	if code, body := r.ask(http.MethodPatch, "/billing/addons", `{"addon_type":"compute_instance","addon_variant":"ci_small"}`); code != http.StatusOK {
		t.Fatalf("resize: %d %s", code, body)
	}
	if _, body := r.ask(http.MethodGet, "", ""); !strings.Contains(body, `"RESIZING"`) {
		t.Errorf("project %s while its machine is changed", body)
	}
	r.healthy()
	if got := r.number("SELECT setting::int FROM pg_settings WHERE name = 'max_connections'"); got != 90 {
		t.Errorf("max_connections = %v on the new machine, want 90", got)
	}

	to := time.Now().Add(-90 * time.Minute)
	newer := "SELECT count(*) FROM orders WHERE created_at > to_timestamp($1)"
	if r.number(newer, to.Unix()) < 40 {
		t.Error("there is nothing to lose")
	}
	if code, body := r.ask(http.MethodPost, "/database/backups/restore-pitr", fmt.Sprintf(`{"recovery_time_target_unix":%d}`, to.Unix())); code != http.StatusCreated {
		t.Fatalf("restore: %d %s", code, body)
	}
	r.healthy()
	// What is left of that time are the orders placed since.
	if got := r.number(newer+" AND created_at < now() - interval '1 minute'", to.Unix()); got > 0 {
		t.Errorf("%v orders are newer than the point in time", got)
	}
	waitFor(t, "a shop that serves again", func() bool { return r.errorShare() == 0 })
}
