package statuspage

import (
	"net/http/httptest"
	"testing"

	"tocsin/internal/demo/provider"
	"tocsin/internal/model"
	"tocsin/internal/web"
)

func TestPageOfStripe(t *testing.T) {
	page := provider.NewStripeStatus()
	srv := httptest.NewServer(page)
	t.Cleanup(srv.Close)
	c := NewStripe(web.Options{Base: srv.URL})
	t.Cleanup(c.Close)
	for largest, want := range map[string]string{"up": "none", "degraded": "minor", "down": "major", "melting": "melting"} {
		page.Set(largest, "words")
		got, err := c.Summary(t.Context())
		if err != nil || got.Status.Indicator != want || got.Status.Description != "words" || got.Components[0].Name != "api" {
			t.Errorf("%s: %v, %+v", largest, err, got)
		}
	}
	other := httptest.NewServer(answer(`{"status":{}}`))
	t.Cleanup(other.Close)
	wrong := NewStripe(web.Options{Base: other.URL})
	t.Cleanup(wrong.Close)
	if _, err := wrong.Summary(t.Context()); model.FailOf(err) == nil || model.FailOf(err).Class != model.Protocol {
		t.Errorf("another page: %v", err)
	}
}
