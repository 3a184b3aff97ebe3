package provider

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers one API request.
func (s *Sentry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(s.opts.Token)) != 1 {
		detail(w, http.StatusUnauthorized, "Invalid token")
		return
	}
	if wait := s.quota.take(w.Header()); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		detail(w, http.StatusTooManyRequests, "You are attempting to use this endpoint too frequently.")
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Sentry) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"GET issues/{$}":                    s.listIssues,
		"GET issues/{id}/{$}":               s.showIssue,
		"PUT issues/{id}/{$}":               s.changeIssue,
		"GET issues/{id}/events/latest/{$}": s.latestEvent,
		"GET events-timeseries/{$}":         s.timeseries,
		"GET events/{$}":                    s.transactions,
		"GET sessions/{$}":                  s.sessionTotals,
		"GET stats_v2/{$}":                  s.outcomes,
		"GET monitors/{$}":                  s.monitors,
	} {
		verb, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(verb+" /api/0/organizations/{org}/"+path, func(w http.ResponseWriter, r *http.Request) {
			if r.PathValue("org") != s.opts.Org || !s.isProject(r.URL.Query()["project"]) {
				detail(w, http.StatusNotFound, "The requested resource does not exist")
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			answer(w, r)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		detail(w, http.StatusNotFound, "The requested resource does not exist")
	})
	return mux
}

// isProject tells whether the only project is among those that are asked for.
func (s *Sentry) isProject(asked []string) bool {
	return len(asked) == 0 || slices.Contains(asked, s.opts.Project) || slices.Contains(asked, "-1")
}

func detail(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"detail": text})
}

// since is the beginning of the period that is asked for; a day without one.
func (s *Sentry) since(q url.Values) (time.Time, bool) {
	text := q.Get("statsPeriod")
	if text == "" {
		text = "24h"
	}
	n, err := strconv.Atoi(text[:len(text)-1])
	unit, ok := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[text[len(text)-1]]
	return s.opts.Now().Add(-time.Duration(n) * unit), err == nil && ok && n > 0
}

func (s *Sentry) listIssues(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, ok := s.since(q)
	limit, err := strconv.Atoi(or(q.Get("limit"), "100"))
	if !ok || err != nil || limit < 1 || limit > 100 {
		detail(w, http.StatusBadRequest, "Invalid statsPeriod or limit")
		return
	}
	status := "unresolved"
	if q.Has("query") {
		_, status, _ = strings.Cut(q.Get("query"), "is:")
	}
	all := s.listed(status, or(q.Get("sort"), "date"), since)
	more := len(all) > limit
	out := []any{}
	for _, i := range all[:min(len(all), limit)] {
		out = append(out, s.listedIssue(i, since))
	}
	link := func(rel, cursor string, results bool) string {
		return fmt.Sprintf(`<%s>; rel="%s"; results="%t"; cursor="%s"`, r.URL, rel, results, cursor)
	}
	w.Header().Set("Link", link("previous", "0:0:1", false)+", "+link("next", fmt.Sprintf("0:%d:0", limit), more))
	writeJSON(w, http.StatusOK, out)
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// found finds the issue of a path, or says that there is none.
func (s *Sentry) found(w http.ResponseWriter, r *http.Request) (*issue, bool) {
	i := s.find(r.PathValue("id"))
	if i == nil {
		detail(w, http.StatusNotFound, "The requested resource does not exist")
	}
	return i, i != nil
}

func (s *Sentry) showIssue(w http.ResponseWriter, r *http.Request) {
	if i, ok := s.found(w, r); ok {
		writeJSON(w, http.StatusOK, s.wholeIssue(i))
	}
}

// issueChange is what a change may say.
type issueChange struct {
	Status        string `json:"status"`
	StatusDetails struct {
		IgnoreDuration int `json:"ignoreDuration"` // minutes
	} `json:"statusDetails"`
	AssignedTo *string `json:"assignedTo"`
}

func (s *Sentry) changeIssue(w http.ResponseWriter, r *http.Request) {
	i, ok := s.found(w, r)
	if !ok {
		return
	}
	var change issueChange
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil || json.Unmarshal(body, &change) != nil {
		detail(w, http.StatusBadRequest, "Invalid body")
		return
	}
	switch change.Status {
	case "":
	case "resolved", "unresolved":
		i.status, i.ignoredUntil = change.Status, time.Time{}
		i.substatus = map[string]string{"unresolved": "ongoing"}[change.Status]
	case "ignored":
		i.status, i.substatus, i.ignoredUntil = "ignored", "archived_until_condition_met", time.Time{}
		if n := change.StatusDetails.IgnoreDuration; n > 0 {
			i.ignoredUntil = s.opts.Now().Add(time.Duration(n) * time.Minute)
		}
	default:
		detail(w, http.StatusBadRequest, "Invalid status")
		return
	}
	if change.AssignedTo != nil {
		i.assignee = *change.AssignedTo
	}
	writeJSON(w, http.StatusOK, s.changedIssue(i))
}

func (s *Sentry) latestEvent(w http.ResponseWriter, r *http.Request) {
	if i, ok := s.found(w, r); ok {
		writeJSON(w, http.StatusOK, s.event(i))
	}
}

// timeseries counts errors by minute, of all or of the issues with the most.
func (s *Sentry) timeseries(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, ok := s.since(q)
	if !ok || q.Get("dataset") != "errors" || q.Get("interval") != "60" {
		detail(w, http.StatusBadRequest, "Only errors by minute are known here")
		return
	}
	top, _ := strconv.Atoi(q.Get("topEvents"))
	if top == 0 {
		writeJSON(w, http.StatusOK, s.series(since, map[string][]*issue{"": s.issues}))
		return
	}
	all := s.listed("", "freq", since)
	groups := map[string][]*issue{}
	for _, i := range all[:min(len(all), top)] {
		groups[s.shortID(i)] = []*issue{i}
	}
	writeJSON(w, http.StatusOK, s.series(since, groups))
}

// transactions sums up the requests of a period.
func (s *Sentry) transactions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, ok := s.since(q)
	if !ok || q.Get("dataset") != "spans" || len(q["field"]) == 0 {
		detail(w, http.StatusBadRequest, "Only transactions are known here")
		return
	}
	var took []time.Duration
	failed := 0
	for _, t := range s.requests {
		if t.at.Before(since) {
			continue
		}
		took = append(took, t.took)
		if t.failed {
			failed++
		}
	}
	slices.Sort(took)
	row, fields := map[string]any{}, map[string]string{}
	for _, field := range q["field"] {
		row[field], fields[field] = aggregate(field, took, failed), "number"
	}
	writeJSON(w, http.StatusOK, map[string]any{"data": []any{row}, "meta": map[string]any{"fields": fields, "dataset": "spans"}})
}

// aggregate is one number of sorted durations; nil where there is none.
func aggregate(field string, took []time.Duration, failed int) any {
	switch {
	case field == "count()":
		return len(took)
	case len(took) == 0:
		return nil
	case field == "failure_rate()":
		return float64(failed) / float64(len(took))
	}
	share := map[string]float64{"p50(span.duration)": 0.5, "p95(span.duration)": 0.95, "p99(span.duration)": 0.99}[field]
	return float64(took[int(share*float64(len(took)-1))]) / float64(time.Millisecond)
}

// sessionTotals sums up the sessions of the hours that are over.
func (s *Sentry) sessionTotals(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, ok := s.since(q)
	if !ok || q.Get("interval") != "1h" || len(q["field"]) == 0 {
		detail(w, http.StatusBadRequest, "Your interval must be at least one hour")
		return
	}
	now := s.opts.Now().Truncate(time.Hour)
	count, crashed := 0, 0
	for h, of := range s.sessions {
		if h >= hour(since) && h < hour(now) {
			count, crashed = count+of.count, crashed+of.crashed
		}
	}
	totals := map[string]any{"sum(session)": count, "crash_free_rate(session)": nil}
	if count > 0 {
		totals["crash_free_rate(session)"] = 1 - float64(crashed)/float64(count)
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"start": sentryStamp(since.Truncate(time.Hour)), "end": sentryStamp(now), "intervals": []string{}, "query": "",
		"groups": []any{map[string]any{"by": map[string]any{}, "totals": totals, "series": map[string]any{}}},
	})
}

// outcomes counts what became of the events of a period: all were accepted.
func (s *Sentry) outcomes(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, ok := s.since(q)
	if !ok || q.Get("field") != "sum(quantity)" || len(q["groupBy"]) == 0 {
		detail(w, http.StatusBadRequest, "field and groupBy are required")
		return
	}
	sessions, errors := 0, 0
	for h, of := range s.sessions {
		if h >= hour(since) {
			sessions += of.count
		}
	}
	for h, n := range s.accepted {
		if h >= hour(since) {
			errors += n
		}
	}
	group := func(category string, n int) map[string]any {
		return map[string]any{
			"by": map[string]any{"category": category, "outcome": "accepted"}, "series": map[string]any{}, "totals": map[string]any{"sum(quantity)": n},
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"start": sentryStamp(since), "end": sentryStamp(s.opts.Now()), "intervals": []string{}, "groups": []any{group("error", errors), group("transaction", sessions)},
	})
}

// Accepted takes in how many errors an hour that is over had.
func (s *Sentry) Accepted(at time.Time, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted[hour(at)] = n
}

// sentryStamp writes an instant as the API does.
func sentryStamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }
