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
	l.sent.Add(1)
	answer, err := l.client.Do(request)
	if err != nil {
		l.failed.Add(1)
		return
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	if answer.StatusCode >= 500 {
		l.failed.Add(1)
	}
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
