package statuspage

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/demo/provider"
	"tocsin/internal/model"
	"tocsin/internal/web"
)

func client(t *testing.T, h http.Handler) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c := New(web.Options{Base: srv.URL})
	t.Cleanup(c.Close)
	return c
}

func answer(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
}

func TestPageWithAnIncident(t *testing.T) {
	page := provider.NewStatusPage("Vercel")
	page.SetIncident("Elevated errors", "major")
	got, err := client(t, page).Summary(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got.Page.Name != "Vercel" || got.Status.Indicator != "major" {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]Component{{Name: "API", Status: "partial_outage"}}, got.Components); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	if i := got.Incidents[0]; i.Name != "Elevated errors" || i.Impact != "major" || i.Started.IsZero() || i.Updated.IsZero() {
		t.Errorf("incident %+v", i)
	}
}

func TestFewFields(t *testing.T) {
	body := `{"status":{"indicator":"none"},"incidents":[{"name":"x","started_at":null,"created_at":"yesterday","updated_at":"2026-01-01T00:00:00.5Z"}],"components":null}`
	got, err := client(t, answer(body)).Summary(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := []Incident{{Name: "x", Updated: Timestamp{time.Date(2026, 1, 1, 0, 0, 0, 5e8, time.UTC)}}}
	if diff := cmp.Diff(want, got.Incidents); diff != "" {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
}

func TestNotAStatusPage(t *testing.T) {
	for _, body := range []string{`{}`, `{"status":{"indicator":""}}`, `<html></html>`, `{"status":"up"}`} {
		_, err := client(t, answer(body)).Summary(context.Background())
		if fail := model.FailOf(err); fail == nil || fail.Class != model.Protocol {
			t.Errorf("%s: %v", body, err)
		}
	}
}
