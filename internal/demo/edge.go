package demo

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/internal/demo/provider"
)

// The headers between the shop and the edge, and what visitors see of it.
const (
	headerTags      = "Vercel-Cache-Tag"   // on an answer: what it is purged by
	headerCache     = "X-Vercel-Cache"     // HIT, STALE, MISS
	headerMitigated = "X-Vercel-Mitigated" // deny, challenge
	clearance       = "_vcrcs"             // cookie of a browser that passed a challenge
)

// edge stands before the shop as the provider's network does: it lets requests
// in or not, and keeps the pages that may be kept.
type edge struct {
	shop  http.Handler
	judge func(from netip.Addr, cleared bool) provider.Verdict
	again func(page string, work func()) // makes a page anew beside the request that found it stale

	mu    sync.Mutex
	pages map[string]*kept
}

// kept is an answer of the shop.
type kept struct {
	header http.Header
	body   []byte
	tags   []string
	until  time.Time
	making bool // it is being made anew
}

// ServeHTTP answers one visitor.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cookie, _ := r.Cookie(clearance)
	verdict := e.judge(visitor(r), cookie != nil || monitoring(r))
	if verdict != provider.Pass {
		w.Header().Set(headerMitigated, string(verdict))
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet {
		e.shop.ServeHTTP(w, r)
		return
	}
	e.serve(w, r)
}

// visitor is the address that a request comes from. The demo's customers say
// theirs: all of them live on this machine.
func visitor(r *http.Request) netip.Addr {
	text, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ",")
	if text == "" {
		text, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	from, _ := netip.ParseAddr(strings.TrimSpace(text)) // the zero address matches no rule
	return from
}

// monitoring tells what a bypass rule lets through: the paths that are watched.
func monitoring(r *http.Request) bool {
	return r.URL.Path == "/health" || r.URL.Path == "/metrics"
}

// serve answers from what is kept, or from the shop.
func (e *edge) serve(w http.ResponseWriter, r *http.Request) {
	page := r.URL.Path
	e.mu.Lock()
	have := e.pages[page]
	stale := have != nil && !time.Now().Before(have.until)
	refresh := stale && !have.making
	if refresh {
		have.making = true
	}
	e.mu.Unlock()
	switch {
	case have == nil:
		e.fetch(page, r, w)
	case stale:
		if refresh {
			anew := r.Clone(context.WithoutCancel(r.Context()))
			e.again(page, func() { e.fetch(page, anew, nil) })
		}
		have.write(w, "STALE")
	default:
		have.write(w, "HIT")
	}
}

func (k *kept) write(w http.ResponseWriter, how string) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.Header().Set(headerCache, how)
	_, _ = w.Write(k.body) // the visitor may have gone
}

// fetch asks the shop, keeps what may be kept, and passes it on to w, if any.
func (e *edge) fetch(page string, r *http.Request, w http.ResponseWriter) {
	answer := &copied{header: http.Header{}, to: w}
	e.shop.ServeHTTP(answer, r)
	life := sharedLife(answer.header.Get("Cache-Control"))
	e.mu.Lock()
	defer e.mu.Unlock()
	if answer.code != http.StatusOK || life == 0 {
		if have := e.pages[page]; have != nil {
			have.making = false
		}
		return
	}
	tags := append(strings.Split(answer.header.Get(headerTags), ","), "_N_T_"+page)
	e.pages[page] = &kept{header: answer.header, body: answer.body.Bytes(), tags: tags, until: time.Now().Add(life)}
}

// sharedLife is how long an answer may be kept here; 0 for not at all.
func sharedLife(control string) time.Duration {
	for part := range strings.SplitSeq(control, ",") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(part), "s-maxage="); ok {
			n, _ := strconv.Atoi(text)
			return time.Duration(n) * time.Second
		}
	}
	return 0
}

// purge marks what carries one of the tags as stale, or removes it.
func (e *edge) purge(tags []string, remove bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for page, have := range e.pages {
		if !slices.ContainsFunc(have.tags, func(tag string) bool { return slices.Contains(tags, tag) }) {
			continue
		}
		if remove {
			delete(e.pages, page)
		}
		have.until = time.Time{}
	}
}

// copied passes an answer on and keeps a copy of those that may be kept.
type copied struct {
	header http.Header
	code   int
	body   bytes.Buffer
	to     http.ResponseWriter // nil: nobody waits
}

// Header implements http.ResponseWriter.
func (c *copied) Header() http.Header { return c.header }

// WriteHeader implements http.ResponseWriter.
func (c *copied) WriteHeader(code int) {
	c.code = code
	if c.to == nil {
		return
	}
	for name, values := range c.header {
		c.to.Header()[name] = values
	}
	if sharedLife(c.header.Get("Cache-Control")) > 0 {
		c.to.Header().Set(headerCache, "MISS")
	}
	c.to.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (c *copied) Write(p []byte) (int, error) {
	if c.code == 0 {
		c.WriteHeader(http.StatusOK)
	}
	if sharedLife(c.header.Get("Cache-Control")) > 0 {
		c.body.Write(p)
	}
	if c.to == nil {
		return len(p), nil
	}
	return c.to.Write(p)
}
