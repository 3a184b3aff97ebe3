package provider

import (
	"fmt"
	"net/http"
	"time"
)

// RuntimeRow is one request that a deployment served, as its log tells it.
type RuntimeRow struct {
	Method, Path string
	Status       int
	Message      string // what the application said; "" for nothing
}

// runtimeRow is the wire form.
type runtimeRow struct {
	Level              string `json:"level"`
	Message            string `json:"message"`
	MessageTruncated   bool   `json:"messageTruncated"`
	RowID              string `json:"rowId"`
	Source             string `json:"source"`
	TimestampInMs      int64  `json:"timestampInMs"`
	Domain             string `json:"domain"`
	RequestMethod      string `json:"requestMethod"`
	RequestPath        string `json:"requestPath"`
	ResponseStatusCode int    `json:"responseStatusCode"`
}

// Log adds a row to the runtime log of what serves production.
func (v *Vercel) Log(row RuntimeRow) {
	v.mu.Lock()
	live, now := v.live, v.opts.Now()
	v.mu.Unlock()
	if live == nil {
		return
	}
	level := "info"
	switch {
	case row.Status >= 500:
		level = "error"
	case row.Status >= 400:
		level = "warning"
	}
	live.runtime.put(runtimeRow{
		Level: level, Message: row.Message, RowID: now.Format("150405.000000000"), Source: "serverless", TimestampInMs: now.UnixMilli(),
		Domain: v.opts.Project + ".example", RequestMethod: row.Method, RequestPath: row.Path, ResponseStatusCode: row.Status,
	})
}

// runtimeLog streams what a deployment logs from here on.
func (v *Vercel) runtimeLog(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	d := v.find(r.PathValue("id"))
	v.mu.Unlock()
	if d == nil || !v.isProject(r.PathValue("project")) {
		writeProblem(w, notFound("The deployment was not found."))
		return
	}
	_, next, leave := d.runtime.follow()
	defer leave()
	limit := time.NewTimer(v.opts.LogLife)
	defer limit.Stop()
	out := stream(w)
	for {
		select {
		case row := <-next:
			out(row)
		case <-limit.C:
			out([]byte(`{"level":"error","message":"Exceeded query duration limit of 5 minutes","messageTruncated":false,"rowId":"","source":"delimiter",` +
				`"timestampInMs":0,"domain":"","requestMethod":"","requestPath":"","responseStatusCode":0}`))
			return
		case <-r.Context().Done():
			return
		case <-v.closed:
			return
		}
	}
}

// buildLog gives the log of a build, and with follow=1 goes on to its end.
func (v *Vercel) buildLog(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	d := v.find(r.PathValue("id"))
	v.mu.Unlock()
	if d == nil {
		writeProblem(w, notFound("The deployment was not found."))
		return
	}
	past, next, leave := d.log.follow()
	defer leave()
	out := stream(w)
	for _, row := range past {
		out(row)
	}
	for r.URL.Query().Get("follow") == "1" {
		select {
		case row, more := <-next:
			if !more {
				return
			}
			out(row)
		case <-r.Context().Done():
			return
		case <-v.closed:
			return
		}
	}
}

// stream begins an answer of one JSON value a line.
func stream(w http.ResponseWriter) func(row []byte) {
	w.Header().Set("Content-Type", "application/stream+json")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w).Flush
	_ = flush() // a reader who has gone is noticed by the request's context
	return func(row []byte) {
		_, _ = fmt.Fprintf(w, "%s\n", row)
		_ = flush()
	}
}
