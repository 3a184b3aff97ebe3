package provider

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// keepCharges bounds what is kept of each kind.
const keepCharges = 20_000

// Stripe is one account at a pretended Stripe. It is an [http.Handler] for the
// API's base address and safe for use by many goroutines.
type Stripe struct {
	key string
	now func() time.Time
	mux *http.ServeMux

	mu            sync.Mutex
	outage        bool
	last          int           // number of the newest id
	charges       []thing       // oldest first
	events        []stripeEvent // oldest first
	disputes      []thing       // oldest first
	subscriptions []thing       // oldest first
}

// thing is something that a list has: its id, when it was created, and its body.
type thing struct {
	id      string
	created time.Time
	body    map[string]any
}

// stripeEvent is an event with what lists are cut by.
type stripeEvent struct {
	thing

	kind        string
	undelivered bool // a webhook has not taken it
}

// NewStripe returns an account in which nothing has happened. Now may be nil.
func NewStripe(key string, now func() time.Time) *Stripe {
	if now == nil {
		now = time.Now
	}
	s := &Stripe{key: key, now: now, mux: http.NewServeMux()}
	s.mux.HandleFunc("POST /v1/charges", s.createCharge)
	s.mux.HandleFunc("GET /v1/charges", func(w http.ResponseWriter, r *http.Request) { s.list(w, r, "/v1/charges", s.charges) })
	s.mux.HandleFunc("GET /v1/disputes", func(w http.ResponseWriter, r *http.Request) { s.list(w, r, "/v1/disputes", s.disputes) })
	s.mux.HandleFunc("GET /v1/subscriptions", func(w http.ResponseWriter, r *http.Request) { s.list(w, r, "/v1/subscriptions", s.subscriptions) })
	s.mux.HandleFunc("GET /v1/events", s.listEvents)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "invalid_request_error", "Unrecognized request URL ("+r.Method+": "+r.URL.Path+").")
	})
	return s
}

// SetOutage makes every call fail, or ends that.
func (s *Stripe) SetOutage(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage = on
}

// Outage tells whether every call fails.
func (s *Stripe) Outage() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outage
}

// ServeHTTP answers one API request.
func (s *Stripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(token), []byte(s.key)) != 1 {
		refuse(w, http.StatusUnauthorized, "invalid_request_error", "Invalid API Key provided.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outage {
		refuse(w, http.StatusServiceUnavailable, "api_error", "Stripe is temporarily unavailable.")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// refuse answers with an error in Stripe's form.
func refuse(w http.ResponseWriter, status int, kind, message string) {
	writeJSON(w, status, map[string]any{"error": map[string]any{"type": kind, "message": message}})
}

// newID makes an id with a prefix. The caller holds mu.
func (s *Stripe) newID(prefix string) string {
	s.last++
	return fmt.Sprintf("%s_demo%09d", prefix, s.last)
}

func (s *Stripe) createCharge(w http.ResponseWriter, r *http.Request) {
	amount, err := strconv.Atoi(r.FormValue("amount"))
	if err != nil || amount < 50 || r.FormValue("currency") == "" || r.FormValue("source") == "" {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "Missing or invalid amount, currency or source.")
		return
	}
	body := s.charge(s.now(), amount, r.FormValue("currency"), r.FormValue("source") == "tok_chargeDeclined")
	if body["status"] == "failed" {
		writeJSON(w, http.StatusPaymentRequired, map[string]any{"error": map[string]any{
			"type": "card_error", "code": "card_declined", "decline_code": "generic_decline", "message": "Your card was declined.", "charge": body["id"],
		}})
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// Charge enters a charge of the past.
func (s *Stripe) Charge(at time.Time, amount int, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.charge(at, amount, "eur", failed)
}

// charge enters one charge, and its event. The caller holds mu.
func (s *Stripe) charge(at time.Time, amount int, currency string, failed bool) map[string]any {
	id := s.newID("ch")
	status, code, paid := "succeeded", any(nil), amount
	if failed {
		status, code, paid = "failed", "card_declined", 0
	}
	body := map[string]any{
		"id": id, "object": "charge", "amount": amount, "amount_captured": paid, "amount_refunded": 0, "billing_details": billing(),
		"captured": !failed, "created": at.Unix(), "currency": currency, "disputed": false, "livemode": false, "metadata": map[string]any{},
		"paid": !failed, "refunded": false, "status": status, "failure_code": code,
	}
	s.charges = kept(append(s.charges, thing{id, at, body}))
	if failed { // an account like this one keeps webhooks for what went wrong
		s.event(at, "charge.failed", body, false)
	}
	return body
}

func billing() map[string]any {
	return map[string]any{"address": nil, "email": nil, "name": nil, "phone": nil, "tax_id": nil}
}

// kept drops the oldest things where there are too many.
func kept[T any](all []T) []T {
	if len(all) <= keepCharges {
		return all
	}
	return slices.Clone(all[len(all)-keepCharges/2:])
}

// event enters an event. The caller holds mu.
func (s *Stripe) event(at time.Time, kind string, object map[string]any, undelivered bool) {
	id, pending := s.newID("evt"), 0
	if undelivered {
		pending = 1
	}
	body := map[string]any{
		"id": id, "object": "event", "created": at.Unix(), "livemode": false, "pending_webhooks": pending, "type": kind,
		"data": map[string]any{"object": object},
	}
	s.events = kept(append(s.events, stripeEvent{thing{id, at, body}, kind, undelivered}))
}

// Undelivered enters an event that no webhook has taken.
func (s *Stripe) Undelivered(at time.Time, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.event(at, kind, map[string]any{"id": s.newID("in"), "object": "invoice", "created": at.Unix()}, true)
}

// Dispute enters a dispute that wants an answer until an instant.
func (s *Stripe) Dispute(at, due time.Time, amount int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.newID("du")
	s.disputes = append(s.disputes, thing{id, at, map[string]any{
		"id": id, "object": "dispute", "amount": amount, "balance_transactions": []any{}, "charge": "ch_demo", "created": at.Unix(), "currency": "eur",
		"enhanced_eligibility_types": []any{}, "evidence": disputeEvidence(), "is_charge_refundable": false, "livemode": false,
		"evidence_details": map[string]any{
			"due_by": due.Unix(), "enhanced_eligibility": map[string]any{}, "has_evidence": false, "past_due": false, "submission_count": 0,
		},
		"metadata": map[string]any{}, "reason": "product_not_received", "status": "needs_response",
	}})
}

// Subscribe enters an active subscription; yearly ones pay ten months.
func (s *Stripe) Subscribe(at time.Time, monthly int, yearly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, interval, amount := s.newID("sub"), "month", monthly
	if yearly {
		interval, amount = "year", 10*monthly
	}
	s.subscriptions = append(s.subscriptions, thing{id, at, subscriptionBody(id, at, interval, amount)})
}

// Unsubscribed enters the end of a subscription.
func (s *Stripe) Unsubscribed(began, ended time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.newID("sub")
	body := subscriptionBody(id, began, "month", 2900)
	body["status"] = "canceled"
	s.event(ended, "customer.subscription.deleted", body, false)
}

// selection is what a list is asked for.
type selection struct {
	limit  int
	after  string // id
	since  time.Time
	status string
}

func selectionOf(q url.Values) (selection, error) {
	sel := selection{limit: 10, after: q.Get("starting_after"), status: q.Get("status")}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return sel, fmt.Errorf("invalid limit: %s", text)
		}
		sel.limit = n
	}
	if text := q.Get("created[gte]"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return sel, fmt.Errorf("invalid created[gte]: %s", text)
		}
		sel.since = time.Unix(n, 0)
	}
	return sel, nil
}

// list answers with a page of things, newest first. The caller holds mu.
func (s *Stripe) list(w http.ResponseWriter, r *http.Request, path string, all []thing) {
	sel, err := selectionOf(r.URL.Query())
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", err.Error())
		return
	}
	out, found, more := []any{}, sel.after == "", false
	for _, t := range slices.Backward(all) {
		switch {
		case !found:
			found = t.id == sel.after
		case t.created.Before(sel.since), sel.status != "" && t.body["status"] != sel.status:
		case len(out) == sel.limit:
			more = true
		default:
			out = append(out, t.body)
		}
		if more {
			break
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "url": path, "has_more": more, "data": out})
}

// listEvents cuts the events by their type and delivery first.
func (s *Stripe) listEvents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var out []thing
	for _, e := range s.events {
		if kind := q.Get("type"); kind != "" && e.kind != kind || q.Get("delivery_success") == "false" && !e.undelivered {
			continue
		}
		out = append(out, e.thing)
	}
	s.list(w, r, "/v1/events", out)
}
