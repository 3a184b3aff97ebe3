package supabase_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"tocsin/internal/supabase"
	"tocsin/internal/testkit"
)

func TestMetrics(t *testing.T) {
	sample := testkit.Contract(t, "supabase-metrics.prom.txt")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "service_role" || password != "sb_secret_x" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(sample)
	}))
	t.Cleanup(server.Close)
	m := supabase.NewMetrics(supabase.MetricsOptions{URL: server.URL + "/customer/v1/privileged/metrics", Project: ref, Key: "sb_secret_x"})
	t.Cleanup(m.Close)
	got, err := m.Text(t.Context())
	if err != nil || !bytes.Equal(got, sample) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if want := "https://" + ref + ".supabase.co/customer/v1/privileged/metrics"; supabase.MetricsURL(ref) != want {
		t.Errorf("address %s, want %s", supabase.MetricsURL(ref), want)
	}
}

func TestMetricsFailures(t *testing.T) {
	for _, f := range testkit.Failures() {
		if f.Reads { // the text is not looked at here
			continue
		}
		testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
			m := supabase.NewMetrics(supabase.MetricsOptions{URL: base, Project: ref, Key: "k", Timeout: f.Timeout()})
			defer m.Close()
			_, err := m.Text(ctx)
			return err
		})
	}
}
