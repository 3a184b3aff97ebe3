package stripe

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// refusalMax is how much of a refusal is read, in bytes.
const refusalMax = 64 << 10

// refusals gives every refusal the form that Stripe documents: the official
// client forgets the status of one that comes from something in between and
// is not JSON.
type refusals struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (r refusals) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(req)
	if err != nil || resp.StatusCode < http.StatusMultipleChoices {
		return resp, err
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, refusalMax)) // what broke off is no worse than none
	_ = resp.Body.Close()
	var said struct {
		Error *struct{} `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil || said.Error == nil {
		body = []byte(`{"error":{"type":"api_error"}}`)
	}
	if resp.StatusCode < http.StatusBadRequest { // a redirect, which is not followed
		resp.StatusCode = http.StatusBadGateway
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}
