package web

import (
	"errors"
	"io"
	"net/http"
)

// errTooLarge says that an answer has more than [MaxBody] bytes.
var errTooLarge = errors.New("the answer is larger than 10 MB")

// Bounded gives a vendor's own client tocsin's manner: connections as those of
// [Transport], at most two at a time, no redirect, and no answer beyond
// [MaxBody]. When a call ends is for its context to say.
func Bounded() *http.Client {
	transport := Transport()
	transport.MaxConnsPerHost = 2
	return &http.Client{
		Transport:     bounded{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded ends the bodies of answers at [MaxBody].
type bounded struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.Transport.RoundTrip(r)
	if err == nil {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: MaxBody}
	}
	return resp, err
}

// boundedBody fails, instead of ending, where there is more than may be read.
type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
