package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Payments is where the shop takes its customers' money.
type Payments struct {
	URL string // base address of the provider's API; "" takes no money
	Key string
}

// payTimeout bounds one charge: a customer does not wait longer.
const payTimeout = 2 * time.Second

var (
	// errPayment says that the provider failed, and not the card.
	errPayment  = errors.New("payment provider stripe failed")
	errDeclined = errors.New("card declined")
)

// charge takes an amount from a card.
func (s *Shop) charge(ctx context.Context, cents int, card string) error {
	if s.payments.URL == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, payTimeout)
	defer cancel()
	form := url.Values{"amount": {strconv.Itoa(max(cents, 50))}, "currency": {"eur"}, "source": {card}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.payments.URL+"/v1/charges", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+s.payments.Key)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := s.payer.Do(r)
	if err != nil {
		return fmt.Errorf("%w: no answer", errPayment)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	switch {
	case answer.StatusCode == http.StatusPaymentRequired:
		return errDeclined
	case answer.StatusCode >= 400:
		return fmt.Errorf("%w: status %d", errPayment, answer.StatusCode)
	}
	return nil
}

// promoKey holds the campaign that every checkout looks at.
const (
	promoKey  = "promo:active"
	promoLife = 10 * time.Minute
)

// promo is a campaign as it lies in the cache.
type promo struct {
	Code    string `json:"code"`
	Percent int    `json:"percent"`
}

// activePromo is the campaign that runs. Where the cache has none, it is put
// there; one that cannot be read is an error, which a better shop would not make
// of it.
func (s *Shop) activePromo(ctx context.Context) (promo, error) {
	none := promo{Code: "none"}
	text, err := s.cache.Get(ctx, promoKey).Bytes()
	if err != nil {
		if errors.Is(err, redis.Nil) {
			body, _ := json.Marshal(none)                         // of a struct of a text and a number
			_ = s.cache.Set(ctx, promoKey, body, promoLife).Err() // the next checkout tries again
		}
		return none, nil
	}
	var p promo
	if err := json.Unmarshal(text, &p); err != nil {
		return none, &CacheError{Key: promoKey, Err: err}
	}
	return p, nil
}

// PoisonPromo leaves in the cache what a campaign job got as an answer from a
// proxy in its way, for good.
func (s *Shop) PoisonPromo(ctx context.Context) error {
	return s.cache.Set(ctx, promoKey, "<html>502 Bad Gateway</html>", 0).Err()
}

// PromoPoisoned tells whether it is there.
func (s *Shop) PromoPoisoned(ctx context.Context) (bool, error) {
	_, err := s.activePromo(ctx)
	bad := (*CacheError)(nil)
	return errors.As(err, &bad), nil
}

// ClearPromo removes it; the next checkout makes it anew.
func (s *Shop) ClearPromo(ctx context.Context) error { return s.cache.Del(ctx, promoKey).Err() }

// total is what an order costs, in cents: the price on the page that the
// customer saw, less what the campaign gives.
func (s *Shop) total(ctx context.Context, product, quantity int) (int, error) {
	page, err := s.page(ctx, productKey(product))
	if err != nil {
		return 0, err
	}
	p, err := s.activePromo(ctx)
	if err != nil {
		return 0, err
	}
	return page.Offers[0].PriceCents * quantity * (100 - p.Percent) / 100, nil
}
