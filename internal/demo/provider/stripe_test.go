package provider

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestStripeKeepsTheContract(t *testing.T) {
	c := sharedContract(t, "stripe.openapi.json")
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	s := NewStripe("rk_test", func() time.Time { return now })
	s.Dispute(now.Add(-time.Hour), now.Add(72*time.Hour), 4200)
	s.Subscribe(now.Add(-40*24*time.Hour), 2900, false)
	s.Subscribe(now.Add(-400*24*time.Hour), 2900, true)
	s.Unsubscribed(now.Add(-90*24*time.Hour), now.Add(-24*time.Hour))
	s.Undelivered(now.Add(-time.Hour), "invoice.paid")
	ask := func(method, target, body string, want int) map[string]any {
		t.Helper()
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer rk_test")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Fatalf("%s %s: %d %s, want %d", method, target, rec.Code, rec.Body, want)
		}
		if path, _, _ := strings.Cut(target, "?"); method == http.MethodGet && want == http.StatusOK {
			for _, fault := range c.check(method, path, rec.Code, rec.Body.Bytes()) {
				t.Errorf("%s: %s", target, fault)
			}
		}
		var out map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for range 3 {
		ask("POST", "/v1/charges", "amount=1250&currency=eur&source=tok_visa", 200)
	}
	ask("POST", "/v1/charges", "amount=1250&currency=eur&source=tok_chargeDeclined", 402)
	ask("POST", "/v1/charges", "amount=1&currency=eur&source=tok_visa", 400)
	for target, want := range map[string]int{
		"/v1/charges?limit=100": 4, "/v1/charges?limit=2": 2, "/v1/charges?created[gte]=9999999999": 0, "/v1/disputes": 1,
		"/v1/subscriptions?status=active": 2, "/v1/subscriptions?status=canceled": 0,
		"/v1/events": 3, "/v1/events?type=charge.failed": 1, "/v1/events?delivery_success=false": 1,
	} {
		if got := ask("GET", target, "", 200)["data"].([]any); len(got) != want {
			t.Errorf("%s: %d, want %d", target, len(got), want)
		}
	}
	page := ask("GET", "/v1/charges?limit=3", "", 200)
	last := page["data"].([]any)[2].(map[string]any)["id"].(string)
	if next := ask("GET", "/v1/charges?limit=3&starting_after="+last, "", 200); page["has_more"] != true || next["has_more"] != false || len(next["data"].([]any)) != 1 {
		t.Errorf("pages: %v then %v", page["has_more"], next)
	}
	s.SetOutage(true)
	ask("POST", "/v1/charges", "amount=1250&currency=eur&source=tok_visa", 503)
	ask("GET", "/v1/charges", "", 503)
	s.SetOutage(false)
	ask("GET", "/v1/charges", "", 200)
}

func TestStripeStatusKeepsTheContract(t *testing.T) {
	c := sharedContract(t, "statuspage.openapi.json")
	page := NewStripeStatus()
	for _, largest := range []string{"up", "degraded", "down"} {
		page.Set(largest, "words")
		rec := httptest.NewRecorder()
		page.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/current", nil))
		for _, fault := range c.check("GET", "/current", rec.Code, rec.Body.Bytes()) {
			t.Error(fault)
		}
		if !strings.Contains(rec.Body.String(), `"largestatus":"`+largest+`"`) {
			t.Errorf("%s: %s", largest, rec.Body)
		}
	}
}
