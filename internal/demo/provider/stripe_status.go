package provider

import (
	"net/http"
	"sync"
	"time"
)

// StripeStatus is the public status page of Stripe, which has a form of its
// own. It is an [http.Handler] for the page's base address and safe for use by
// many goroutines.
type StripeStatus struct {
	mu      sync.Mutex
	largest string // up, degraded, down
	message string
}

// NewStripeStatus returns a page on which all is well.
func NewStripeStatus() *StripeStatus {
	return &StripeStatus{largest: "up", message: "All services are online."}
}

// Set says how the services are: up, degraded or down.
func (s *StripeStatus) Set(largest, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.largest, s.message = largest, message
}

// ServeHTTP answers /current; everything else is 404.
func (s *StripeStatus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != "/current" {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	statuses := map[string]string{"api": s.largest, "checkoutjs": s.largest}
	for _, calm := range []string{"dashboard", "stripejs", "webhooks", "emails"} {
		statuses[calm] = "up"
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"largestatus": s.largest, "message": s.message, "statuses": statuses, "time": time.Now().UTC().Format("January 2, 2006 @ 03:04PM -07:00"),
	})
}
