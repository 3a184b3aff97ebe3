package cli

import (
	"testing"
	"time"
)

func TestBeganAt(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 30, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"00:10": "2026-11-23T00:10:00Z", "23:50": "2026-11-22T23:50:00Z", "2026-11-20T08:00:00+01:00": "2026-11-20T07:00:00Z",
	} {
		if got, err := beganAt(text, now); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s is %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"noon", "25:00", "2026-11-24T00:00:00Z"} {
		if got, err := beganAt(text, now); err == nil {
			t.Errorf("%s is %v", text, got)
		}
	}
	if got, err := beganAt("", now); got != nil || err != nil {
		t.Errorf("nothing is %v, %v", got, err)
	}
}
