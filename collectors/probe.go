package collectors

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

const (
	probeTimeout = 5 * time.Second
	probeTries   = 3       // of which as many have to agree
	probeBody    = 1 << 20 // bytes of a body that are read; a page may be longer
)

// ProbeOptions says what is asked, and when a service counts as down.
type ProbeOptions struct {
	Service   string
	Address   string // http://, https://, tcp://host:port or tls://host:port
	Timeout   time.Duration
	Fresh     *FreshOptions // nil does not look at the age of the content
	Agree     int           // of the last Of tries so many have to agree before the state turns; 0 is all
	Of        int           // 0 is 3
	UserAgent string
	Now       func() time.Time // nil is time.Now
}

// FreshOptions says where in a JSON answer the age of its content stands.
type FreshOptions struct {
	JSON  string // names joined by dots: data.updated_at; the value is RFC 3339, or epoch seconds or milliseconds
	Max   time.Duration
	Purge string // cache keys to purge when it is too old; ""
	Tag   string // tag to purge at the CDN then; ""
}

// Probe tries to reach one service, each time over a new connection. What goes
// wrong with the service is part of the reading, not an error.
type Probe struct {
	opts     ProbeOptions
	target   *url.URL
	http     *http.Client
	last     []bool // outcomes of the last tries, newest last
	up       bool
	tries    int
	failures int // in a row
	passes   int // in a row
}

// try is what one attempt gave.
type try struct {
	status int
	why    string // "" when it passed
	body   []byte // of an HTTP answer
	cut    bool   // the body was longer than what was read
	ends   time.Time
}

// NewProbe checks the address. A service counts as up until it has failed.
func NewProbe(opts ProbeOptions) (*Probe, error) {
	u, err := url.Parse(opts.Address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("probe %s: %q is not an address", opts.Service, web.Redact(opts.Address))
	}
	switch u.Scheme {
	case "http", "https":
	case "tcp", "tls":
		if u.Port() == "" {
			return nil, fmt.Errorf("probe %s: %s has no port", opts.Service, opts.Address)
		}
	default:
		return nil, fmt.Errorf("probe %s: %s is not one of http, https, tcp, tls", opts.Service, u.Scheme)
	}
	if opts.Of <= 0 {
		opts.Of = probeTries
	}
	if opts.Agree <= 0 || opts.Agree > opts.Of {
		opts.Agree = opts.Of
	}
	if opts.Timeout <= 0 {
		opts.Timeout = probeTimeout
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	transport := web.Transport()
	transport.DisableKeepAlives = true
	return &Probe{opts: opts, target: u, up: true, http: &http.Client{Transport: transport, CheckRedirect: probeRedirect}}, nil
}

// probeRedirect gives the last answer back when there are too many redirects:
// that a service answers is what a probe is about.
func probeRedirect(_ *http.Request, via []*http.Request) error {
	if len(via) > web.MaxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// Collect tries once. It returns an error only when ctx was cancelled.
func (p *Probe) Collect(ctx context.Context) (model.Probe, error) {
	limited, cancel := context.WithTimeout(ctx, p.opts.Timeout)
	defer cancel()
	start := time.Now()
	got := p.try(limited)
	latency := time.Since(start)
	if errors.Is(ctx.Err(), context.Canceled) {
		return model.Probe{}, ctx.Err()
	}
	p.count(got.why == "")
	out := model.Probe{
		Service: p.opts.Service, Address: web.Redact(p.opts.Address),
		Up: p.up, Passed: got.why == "", Status: got.status, Why: got.why,
		Latency: latency, Failures: p.failures, Passes: p.passes, Needed: p.opts.Agree, Tries: p.tries,
	}
	if !got.ends.IsZero() {
		days := got.ends.Sub(p.opts.Now()).Hours() / 24
		out.TLSDays = &days
	}
	if p.opts.Fresh != nil {
		fresh := p.opts.Fresh.read(got, p.opts.Now())
		out.Fresh = &fresh
	}
	return out, nil
}

// count takes one outcome into the account; the state turns only when enough
// of the last tries agree.
func (p *Probe) count(passed bool) {
	p.tries++
	p.failures++
	p.passes++
	if passed {
		p.failures = 0
	} else {
		p.passes = 0
	}
	p.last = append(p.last, passed)
	if len(p.last) > p.opts.Of {
		p.last = p.last[1:]
	}
	same := 0
	for _, was := range p.last {
		if was == passed {
			same++
		}
	}
	if same >= p.opts.Agree {
		p.up = passed
	}
}

func (p *Probe) try(ctx context.Context) try {
	switch p.target.Scheme {
	case "tcp":
		return p.tryTCP(ctx)
	case "tls":
		return p.tryTLS(ctx)
	}
	return p.tryHTTP(ctx)
}

func (p *Probe) tryTCP(ctx context.Context) try {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.target.Host)
	if err != nil {
		return broken(err)
	}
	_ = conn.Close() // nothing was sent over it
	return try{}
}

func (p *Probe) tryTLS(ctx context.Context) try {
	conn, err := new(tls.Dialer).DialContext(ctx, "tcp", p.target.Host)
	if err != nil {
		return broken(err)
	}
	defer conn.Close()
	state := conn.(*tls.Conn).ConnectionState()
	return try{ends: firstEnd(state.PeerCertificates)}
}

func (p *Probe) tryHTTP(ctx context.Context) try {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.opts.Address, nil)
	if err != nil {
		return try{why: "not an address"}
	}
	if p.opts.UserAgent != "" {
		req.Header.Set("User-Agent", p.opts.UserAgent)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return broken(err)
	}
	defer resp.Body.Close()
	out := try{status: resp.StatusCode}
	if resp.TLS != nil {
		out.ends = firstEnd(resp.TLS.PeerCertificates)
	}
	out.body, err = io.ReadAll(io.LimitReader(resp.Body, probeBody+1))
	out.cut = len(out.body) > probeBody
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		out.why = strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
	case err != nil:
		_, out.why, _ = web.Explain(err)
	}
	return out
}

// broken is a try that got no answer. The end of a certificate that was
// refused is worth knowing.
func broken(err error) try {
	_, why, _ := web.Explain(err)
	out := try{why: why}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		out.ends = firstEnd(bad.UnverifiedCertificates)
	}
	return out
}
