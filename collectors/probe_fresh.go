package collectors

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
)

// clockSkew is how far in the future a time may lie that another machine tells.
const clockSkew = 5 * time.Second

// read finds the age of the content in an answer. An answer that says no may
// still tell it.
func (f FreshOptions) read(got try, now time.Time) model.Freshness {
	out := model.Freshness{Max: f.Max, Purge: f.Purge, Tag: f.Tag}
	if got.body == nil {
		out.Why = "no answer: " + got.why
		return out
	}
	if got.cut {
		out.Why = fmt.Sprintf("the answer is larger than %d MB", probeBody>>20)
		return out
	}
	at, err := f.find(got.body)
	switch {
	case err != nil:
		out.Why = err.Error()
	case at.After(now.Add(clockSkew)):
		out.Why = f.JSON + " lies in the future: the clocks differ"
	default:
		out.Age = max(now.Sub(at), 0)
	}
	return out
}

// find follows the names into the JSON.
func (f FreshOptions) find(body []byte) (time.Time, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return time.Time{}, fmt.Errorf("the answer is not JSON")
	}
	for name := range strings.SplitSeq(f.JSON, ".") {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	switch v := v.(type) {
	case string:
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return time.Time{}, fmt.Errorf("%s is not a time in RFC 3339", f.JSON)
		}
		return at, nil
	case json.Number:
		return epoch(v)
	}
	return time.Time{}, fmt.Errorf("the answer has no %s", f.JSON)
}

// epoch turns seconds or milliseconds since 1970 into a time.
func epoch(n json.Number) (time.Time, error) {
	const firstMillis = 100_000_000_000 // as seconds this is the year 5138
	v, err := n.Float64()
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is not a time", n)
	}
	if v >= firstMillis {
		v /= 1000
	}
	return time.UnixMilli(int64(v * 1000)), nil
}

// firstEnd is when the first certificate of a chain ends; zero without one.
func firstEnd(chain []*x509.Certificate) time.Time {
	var end time.Time
	for _, c := range chain {
		if end.IsZero() || c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end
}
