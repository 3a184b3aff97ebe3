package ui

import (
	"testing"
	"time"

	"tocsin/internal/model"
)

func TestFormat(t *testing.T) {
	tests := []struct{ got, want string }{
		{number(0), "0"},
		{number(0.4), "0.40"},
		{number(9.994), "9.99"},
		{number(9.996), "10.0"},
		{number(99.94), "99.9"},
		{number(99.96), "100"},
		{number(-1.5), "-1.50"},
		{count(38), "38"},
		{count(9999), "9999"},
		{count(12_345), "12.3 k"},
		{count(999_999), "1.00 M"},
		{count(-20_000), "-20.0 k"},
		{plural(1, "root", "roots"), "1 root"},
		{plural(0, "root", "roots"), "0 roots"},
		{bytes(int64(0)), "0 B"},
		{bytes(int64(512)), "512 B"},
		{bytes(int64(1536)), "1.50 KiB"},
		{bytes(uint64(1) << 40), "1.00 TiB"},
		{rate(0.2), "0.20/s"},
		{rate(412), "412/s"},
		{rate(1240), "1.24 k/s"},
		{percent(0.4), "0.40 %"},
		{percent(96.14), "96.1 %"},
		{whole(0), "0 %"},
		{whole(0.2), "<1 %"},
		{whole(99.7), "99 %"},
		{whole(100), "100 %"},
		{took(0), "0 ms"},
		{took(-time.Second), "0 ms"},
		{took(420 * time.Microsecond), "0.42 ms"},
		{took(3140 * time.Microsecond), "3.1 ms"},
		{took(18 * time.Millisecond), "18 ms"},
		{took(240 * time.Millisecond), "240 ms"},
		{took(999_900 * time.Microsecond), "1.0 s"},
		{took(4800 * time.Millisecond), "4.8 s"},
		{took(9960 * time.Millisecond), "9s"},
		{took(200 * time.Second), "3m20s"},
		{age(-time.Second), "0s"},
		{age(45 * time.Second), "45s"},
		{age(372 * time.Second), "6m12s"},
		{age(100 * time.Minute), "1h40m"},
		{age(9*time.Hour + 50*time.Minute), "9 h"},
		{age(19 * 24 * time.Hour), "19 d"},
		{value(86, model.Percent), "86.0 %"},
		{value(4800, model.Millis), "4.8 s"},
		{value(74, model.Seconds), "1m14s"},
		{value(3.5, model.Hours), "3h30m"},
		{value(38, model.None), "38"},
		{value(0.5, model.None), "0.50"},
		{value(2048, model.BytesPerS), "2.00 KiB/s"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestBareSQL(t *testing.T) {
	tests := []struct{ text, want string }{
		{"SELECT 1", "SELECT 1"},
		{"-- who\n-- waits\nSELECT 1", "SELECT 1"},
		{" /* app:shop */ SELECT 1 -- end", "SELECT 1 -- end"},
		{"-- only a comment", "-- only a comment"},
		{"/* open", "/* open"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := bareSQL(tt.text); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}
