package model

import "testing"

func TestWithoutValues(t *testing.T) {
	tests := []struct{ sql, want string }{
		{"", ""},
		{"ALTER TABLE public.orders ADD COLUMN cart_indexed boolean", "ALTER TABLE public.orders ADD COLUMN cart_indexed boolean"},
		{"/* cron: reindex 'x' */ ALTER TABLE orders", "ALTER TABLE orders"},
		{"-- by ana@example.org\n SELECT a FROM t1", "SELECT a FROM t1"},
		{"SELECT * FROM users WHERE email = 'ana@example.org'", "SELECT * FROM users WHERE email …"},
		{"SELECT * FROM users WHERE email = E'ana'", "SELECT * FROM users WHERE email …"},
		{"SELECT * FROM users WHERE id=-4711", "SELECT * FROM users WHERE id …"},
		{"SELECT * FROM users WHERE id = $1 AND n = 5", "SELECT * FROM users WHERE id = $1 AND n …"},
		{"DO $$ secret $$", "DO …"},
		{"SELECT x /* secret */", "SELECT x …"},
		{`SELECT "Secret"`, "SELECT …"},
		{"/* never ends", ""},
		{"-- by ana\n /* a /* b */ secret */\tALTER TABLE x", "ALTER TABLE x"},
		{"SELECT naïve2, 2", "SELECT naïve2 …"},
	}
	for _, tt := range tests {
		if got := WithoutValues(tt.sql); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.sql, got, tt.want)
		}
	}
}

func TestFirstWords(t *testing.T) {
	got := FirstWords("SELECT  a,\n b FROM a_table_with_a_rather_long_name WHERE something_else = other")
	if want := "SELECT a, b FROM a_table_with_a_rather_long_name WHERE somet…"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
