package demo

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/demo/shop"
)

const (
	loadEvery    = 25 * time.Millisecond // 40 requests a second
	loadInFlight = 80                    // more customers than that give up before they ask
	customers    = 5000
)

// load is the customers: they come at a steady rate, however slow the shop is.
type load struct {
	base   string
	client *http.Client
	slots  chan struct{}

	sent, failed, skipped atomic.Int64
	refused, challenged   atomic.Int64 // by the provider's network
}

// robot is an address that is no customer: it reads the catalogue, one request
// in twenty, and cannot show that it is a browser.
const robot = "203.0.113.66"

// address is where the nth request comes from.
func address(n int) string {
	if n%20 == 7 {
		return robot
	}
	return fmt.Sprintf("198.51.100.%d", n%250+1)
}

func newLoad(base string) *load {
	return &load{
		base: base,
		client: &http.Client{
			Timeout:   8 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: loadInFlight},
		},
		slots: make(chan struct{}, loadInFlight),
	}
}

// run sends requests until ctx ends and the last one is answered.
func (l *load) run(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	tick := time.NewTicker(loadEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case l.slots <- struct{}{}:
			asking.Go(func() {
				defer func() { <-l.slots }()
				l.ask(ctx, n)
			})
		default:
			l.skipped.Add(1)
		}
	}
}

// ask sends the nth request: of ten, three are checkouts, three ask for the
// front page and four for a product.
func (l *load) ask(ctx context.Context, n int) {
	method, path := http.MethodGet, "/"
	switch n % 10 {
	case 0, 3, 6:
		method, path = http.MethodPost, checkoutPath()
	case 1, 4, 7, 9:
		path = "/product/" + strconv.Itoa(product())
	}
	request, err := http.NewRequestWithContext(ctx, method, l.base+path, nil)
	if err != nil {
		return
	}
	request.Header.Set("X-Forwarded-For", address(n))
	l.sent.Add(1)
	mitigated := l.send(request)
	if mitigated == "challenge" && address(n) != robot {
		l.challenged.Add(1)
		request.AddCookie(&http.Cookie{Name: clearance, Value: "browser"})
		mitigated = l.send(request)
	}
	if mitigated != "" {
		l.refused.Add(1)
	}
}

// send asks once, and says what the network before the shop did instead of
// passing the request on; "" for nothing.
func (l *load) send(request *http.Request) (mitigated string) {
	answer, err := l.client.Do(request)
	if err != nil {
		l.failed.Add(1)
		return ""
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	if answer.StatusCode >= 500 {
		l.failed.Add(1)
	}
	return answer.Header.Get(headerMitigated)
}

// checkoutPath is an order of one to three pieces; most are of one.
func checkoutPath() string {
	quantity := max(1, rand.IntN(5)-1)
	return "/checkout?" + url.Values{
		"user":     {strconv.Itoa(rand.IntN(customers) + 1)},
		"product":  {strconv.Itoa(product())},
		"quantity": {fmt.Sprint(quantity)},
	}.Encode()
}

// product picks one; some are far more popular than others.
func product() int {
	r := rand.Float64()
	return 1 + int(r*r*r*shop.Products)
}
