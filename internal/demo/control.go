package demo

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
)

// controlFile is what control.json in the world's Dir says.
type controlFile struct {
	URL   string `json:"url"`
	Token string `json:"token"` // Authorization: Bearer
}

// State is the answer of GET /state.
type State struct {
	Build          string   `json:"build"`      // that the shop serves
	Deployment     string   `json:"deployment"` // that the provider serves
	Faults         []string `json:"faults"`     // started and not yet mended
	Requests       int64    `json:"requests"`   // answered by the shop
	Errors         int64    `json:"errors"`     // of them with a 5xx
	Sent           int64    `json:"sent"`       // by the customers
	Skipped        int64    `json:"skipped"`    // customers who came while too many waited
	Refused        int64    `json:"refused"`    // requests that the provider's network did not let in
	Challenged     int64    `json:"challenged"` // customers who had to show that they are browsers
	RedisInProcess bool     `json:"redis_in_process"`
	PostgresPID    int      `json:"postgres_pid"`
	Partner        string   `json:"partner"` // why the partner does not get at the orders; "" while it does
}

// openControl serves the address that breaks and mends the world:
// GET /state, POST /fault/NAME, POST /heal/NAME, POST /build/slow or broken and
// POST /postgres/stop, start, pause or resume.
func (w *world) openControl() error {
	w.faults = newFaults(w)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(out http.ResponseWriter, _ *http.Request) { writeControl(out, http.StatusOK, w.state()) })
	mux.HandleFunc("POST /fault/{name}", func(out http.ResponseWriter, r *http.Request) {
		answerControl(out, w.faults.start(r.Context(), r.PathValue("name")))
	})
	mux.HandleFunc("POST /heal/{name}", func(out http.ResponseWriter, r *http.Request) {
		answerControl(out, w.faults.heal(r.Context(), r.PathValue("name")))
	})
	mux.HandleFunc("POST /build/{kind}", func(out http.ResponseWriter, r *http.Request) {
		answerControl(out, w.startBuild(r.PathValue("kind")))
	})
	mux.HandleFunc("POST /postgres/{verb}", func(out http.ResponseWriter, r *http.Request) {
		answerControl(out, w.treatPostgres(r.Context(), r.PathValue("verb")))
	})
	w.info.ControlToken = rand.Text()
	var err error
	if w.info.ControlURL, err = w.serve("control", guard(w.info.ControlToken, mux)); err != nil {
		return err
	}
	text, err := json.Marshal(controlFile{URL: w.info.ControlURL, Token: w.info.ControlToken})
	if err != nil {
		return err
	}
	return w.writeUntilEnd(filepath.Join(w.info.Dir, "control.json"), text)
}

// guard lets only those in who have the token.
func guard(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) != 1 {
			writeControl(out, http.StatusUnauthorized, map[string]string{"error": "the token is missing or wrong"})
			return
		}
		next.ServeHTTP(out, r)
	})
}

func (w *world) state() State {
	deployment, _ := w.project.Live()
	requests, failures := w.shop.Counts()
	return State{
		Build: w.shop.Live().Name, Deployment: deployment, Faults: w.faults.running(),
		Requests: requests, Errors: failures, Sent: w.load.sent.Load(), Skipped: w.load.skipped.Load(),
		Refused: w.load.refused.Load(), Challenged: w.load.challenged.Load(),
		RedisInProcess: w.cache.InProcess(), PostgresPID: w.database.server.PID(),
		Partner: w.partner.refused(),
	}
}

// errUnknownVerb is what is not done to a server.
var errUnknownVerb = errors.New("not one of stop, start, pause, resume")

// treatPostgres stops, starts, hangs or wakes the server, as an accident would.
func (w *world) treatPostgres(ctx context.Context, verb string) error {
	var err error
	switch verb {
	case "stop":
		err = w.database.server.Halt(ctx)
	case "start":
		err = w.restartPostgres(ctx)
	case "pause":
		err = w.database.server.Pause()
	case "resume":
		err = w.database.server.Resume()
	default:
		return fmt.Errorf("postgres %q: %w", verb, errUnknownVerb)
	}
	w.journal.note("postgres."+verb, "", err)
	return err
}

// restartPostgres starts the server anew, and notes the process that it is then.
func (w *world) restartPostgres(ctx context.Context) error {
	if err := w.database.server.Restart(ctx); err != nil {
		return err
	}
	w.database.admin.Reset() // its connections are those of the server that has ended
	return w.site.enlist(w.database.server.PID(), w.database.server.Dir())
}

// answerControl says how it went: 404 for what does not exist, 409 for what
// cannot be now.
func answerControl(out http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	switch {
	case err == nil:
		writeControl(out, http.StatusOK, map[string]bool{"ok": true})
		return
	case errors.Is(err, errUnknownFault), errors.Is(err, errUnknownVerb), errors.Is(err, errUnknownBuild):
		code = http.StatusNotFound
	case errors.Is(err, errFaultRunning), errors.Is(err, errNoFault), errors.Is(err, errNoStandby):
		code = http.StatusConflict
	}
	writeControl(out, code, map[string]string{"error": err.Error()})
}

func writeControl(out http.ResponseWriter, code int, body any) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(code)
	_ = json.NewEncoder(out).Encode(body) // the asker may have gone
}
