package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var (
	errNotFound    = errors.New("not found")
	errBadRequest  = errors.New("bad request")
	errUnavailable = errors.New("unavailable")
)

// sessionLife is how long a customer's session lives in the cache.
const sessionLife = 15 * time.Minute

// handle gives a route its time limit, its status codes and its metrics.
func (s *Shop) handle(route string, serve func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
		defer cancel()
		body, err := serve(r.WithContext(ctx))
		code := status(ctx, err)
		if body == nil {
			body = map[string]string{"error": http.StatusText(code)}
		}
		s.metrics.observe(route, code, time.Since(started))
		if s.observe != nil {
			s.observe(Answer{Method: r.Method, Path: r.URL.Path, Status: code, Err: err})
		}
		s.tell(route, code, started, err)
		writeJSON(w, code, body)
	}
}

// offersLife is how long the page of offers may be kept by a network before the
// shop, in seconds.
const offersLife = 600

// cacheable lets the network before the shop keep the answers of a route, and
// names the tag by which they are purged.
func cacheable(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=0, s-maxage=%d", offersLife))
		w.Header().Set("Vercel-Cache-Tag", "offers")
		next(w, r)
	}
}

// offersPage is made anew for each request: the network keeps it.
func (s *Shop) offersPage(r *http.Request) (any, error) {
	return s.readPage(r.Context(), "Offers", "SELECT id, name, price_cents FROM products ORDER BY price_cents LIMIT 5")
}

// status is the HTTP status of an outcome.
func status(ctx context.Context, err error) int {
	var connect *pgconn.ConnectError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, errNotFound), errors.Is(err, pgx.ErrNoRows):
		return http.StatusNotFound
	case errors.Is(err, errBadRequest):
		return http.StatusBadRequest
	case errors.Is(err, errDeclined):
		return http.StatusPaymentRequired
	case ctx.Err() != nil:
		return http.StatusGatewayTimeout
	case errors.Is(err, errUnavailable), errors.As(err, &connect):
		return http.StatusServiceUnavailable
	case errors.Is(err, errPayment):
		return http.StatusBadGateway
	default:
		return http.StatusInternalServerError
	}
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the customer may have gone
}

func (s *Shop) frontPage(r *http.Request) (any, error) { return s.customerPage(r, frontKey) }

func (s *Shop) productPage(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return nil, errNotFound
	}
	return s.customerPage(r, productKey(id))
}

// customerPage has no body where there is no page; an empty Page would be one.
func (s *Shop) customerPage(r *http.Request, key string) (any, error) {
	page, err := s.page(r.Context(), key)
	if err != nil {
		return nil, err
	}
	return page, nil
}

// card is the token of the customer's card.
func card(r *http.Request) string {
	if token := r.FormValue("card"); token != "" {
		return token
	}
	return "tok_visa"
}

// checkout places an order as the live build does it.
func (s *Shop) checkout(r *http.Request) (any, error) {
	var numbers [3]int
	for i, name := range []string{"user", "product", "quantity"} {
		n, err := strconv.Atoi(r.FormValue(name))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%w: %s", errBadRequest, name)
		}
		numbers[i] = n
	}
	build := s.Live()
	if err := wait(r.Context(), build.TaxLookup); err != nil {
		return nil, err
	}
	cents, err := s.total(r.Context(), numbers[1], numbers[2])
	if err != nil {
		return nil, fmt.Errorf("price an order: %w", err)
	}
	if err := s.charge(r.Context(), cents, card(r)); err != nil {
		return nil, fmt.Errorf("pay an order: %w", err)
	}
	var order int64
	err = s.api.QueryRow(r.Context(), build.checkoutSQL(), numbers[0], numbers[1], numbers[2]).Scan(&order)
	if err != nil {
		return nil, fmt.Errorf("place an order: %w", err)
	}
	session := fmt.Sprintf(`{"user":%d,"last_order":%d}`, numbers[0], order)
	if err := s.cache.Set(r.Context(), sessionKey(numbers[0]), session, sessionLife).Err(); err != nil {
		return nil, fmt.Errorf("keep the session: %w", err)
	}
	return map[string]int64{"order": order}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// healthBody is the answer of /health.
type healthBody struct {
	Status    string     `json:"status"` // ok, or what is missing
	Build     string     `json:"build"`
	UpdatedAt *time.Time `json:"updated_at"` // of the front page that customers see; null when there is none
}

// health answers 200 when the shop can serve, 503 when it cannot. It asks the
// database over a connection that customers do not compete for.
func (s *Shop) health(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	body := healthBody{Status: "ok", Build: s.Live().Name}
	if _, err := s.cron.Exec(ctx, "SELECT 1"); err != nil {
		body.Status = "database unavailable"
		return body, errUnavailable
	}
	front, err := s.page(ctx, frontKey)
	if err != nil {
		body.Status = "front page unavailable"
		return body, errUnavailable
	}
	body.UpdatedAt = &front.UpdatedAt
	return body, nil
}

func (s *Shop) writeMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(s.metrics.text(s.Live().Name)) // the reader may have gone
}
