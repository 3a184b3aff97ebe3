package web

import (
	"net/http"
	"sync"
)

const (
	seenMax  = 16        // answers remembered
	seenBody = 512 << 10 // bytes of an answer up to which it is remembered
)

// seen remembers answers that carry an ETag, so that what has not changed need
// not be sent again. Its zero value is empty.
type seen struct {
	mu      sync.Mutex
	answers map[string]tagged // by address with its query
}

type tagged struct {
	tag  string
	body []byte
}

// ask adds the tag of the answer that is known, where there is one.
func (s *seen) ask(r *http.Request) (body []byte, ok bool) {
	if r.Method != http.MethodGet {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.answers[r.URL.String()]
	if ok {
		r.Header.Set("If-None-Match", known.tag)
	}
	return known.body, ok
}

// keep remembers an answer; when there are too many it begins anew.
func (s *seen) keep(r *http.Request, resp *http.Response, body []byte) {
	tag := resp.Header.Get("ETag")
	if r.Method != http.MethodGet || tag == "" || len(body) > seenBody {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers == nil || len(s.answers) >= seenMax {
		s.answers = map[string]tagged{}
	}
	s.answers[r.URL.String()] = tagged{tag, body}
}
