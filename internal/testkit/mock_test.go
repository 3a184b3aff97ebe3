package testkit_test

import (
	"net/http"
	"testing"

	"tocsin/internal/testkit"
)

// A mock knows its provider's contract: it refuses what that forbids.
func TestMocks(t *testing.T) {
	for provider, path := range map[string]string{"vercel": "/v7/deployments", "stripe": "/v1/balance"} {
		address := servers.Mock(t, provider)
		for token, want := range map[string]int{"": http.StatusUnauthorized, "Bearer sk_test_123": http.StatusOK} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", token)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("%s with token %q: %d, want %d", provider, token, answer.StatusCode, want)
			}
		}
	}
	if len(testkit.Contract(t, "vercel.openapi.json")) == 0 {
		t.Error("the contract of vercel is empty")
	}
}
