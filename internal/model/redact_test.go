package model

import "testing"

func TestRedactor(t *testing.T) {
	r := NewRedactor()
	for text, want := range map[string]string{
		"division by zero":                                "division by zero",
		"stripe answered 503 for /checkout":               "stripe answered 503 for /checkout",
		"no user ana@shop.example":                        "no user …",
		`cannot read "4111 1111 1111 1111" as int`:        "cannot read … as int",
		"order 4711 of 10.0.3.7 failed":                   "order … of … failed",
		"GET /search?q=private&page=2 timed out":          "GET /search… timed out",
		"key sk1live_51H8abcdefghijklmnopq is refused":    "key … is refused",
		"session 3f2b8c1e-9a4d-4c1b-8f7e-0123456789ab":    "session …",
		"promo:active: invalid character '<' at offset":   "promo:active: invalid character … at offset",
		"v31 at a1b2c3d4e5f60718293a4b5c6d7e8f9012345678": "v31 at …",
		"checkout.go:120 in shop.(*Shop).checkout":        "checkout.go:120 in shop.(*Shop).checkout",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
}
