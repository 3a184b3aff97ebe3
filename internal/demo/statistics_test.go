package demo_test

import (
	"strings"
	"testing"

	"tocsin/internal/demo"
)

func TestTheNumbersAreRightFromTheStart(t *testing.T) {
	w := start(t, demo.Options{InProcessRedis: true})
	if _, text := get(t, w.ShopURL+"/metrics"); !strings.Contains(text, "http_requests_total{") {
		t.Errorf("no request is counted yet:\n%s", text)
	}
	// Customers neither join nor change what is for sale.
	for table, rows := range map[string]float64{"users": 5000, "products": 200} {
		live := w.number("SELECT n_live_tup FROM pg_stat_user_tables WHERE relid = $1::text::regclass", table)
		if live != rows {
			t.Errorf("%s: %v live rows are told, %v are there", table, live, rows)
		}
	}
	if live := w.number("SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'events'"); live < 50_000 || live > 55_000 {
		t.Errorf("events: %v live rows are told", live)
	}
}
