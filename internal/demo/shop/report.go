package shop

import (
	"errors"
	"time"
)

// Report is what the shop tells of one answered request, as an agent inside it
// would.
type Report struct {
	At    time.Time
	Route string
	Code  int
	Took  time.Duration
	Build string
	Err   error             // nil unless the shop itself failed: a 5xx
	Tags  map[string]string // what it knows of Err: the key of the cache, the provider
}

// CacheError is a value in the cache that the shop cannot use. Its code takes
// it for an error where it should make the value anew.
type CacheError struct {
	Key string
	Err error
}

// Error names the key.
func (e *CacheError) Error() string { return "decode " + e.Key + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *CacheError) Unwrap() error { return e.Err }

// report tells of an answered request.
func (s *Shop) tell(route string, code int, started time.Time, err error) {
	if s.report == nil {
		return
	}
	r := Report{At: time.Now(), Route: route, Code: code, Took: time.Since(started), Build: s.Live().Name}
	if code >= 500 && err != nil {
		r.Err, r.Tags = err, map[string]string{"route": route}
		if cache, ok := errors.AsType[*CacheError](err); ok {
			r.Tags["cache.key"] = cache.Key
		}
		if errors.Is(err, errPayment) {
			r.Tags["provider"] = "stripe"
		}
	}
	s.report(r)
}
