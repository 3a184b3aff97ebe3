package provider

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// ServeHTTP answers one API request.
func (s *Supabase) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !ok || subtle.ConstantTimeCompare([]byte(token), []byte(s.opts.Token)) != 1:
		w.WriteHeader(http.StatusUnauthorized)
	case !s.allowed():
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		s.mux.ServeHTTP(w, r)
	}
}

// allowed counts a request of this minute.
func (s *Supabase) allowed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.opts.Now(); now.Sub(s.window) >= time.Minute {
		s.window, s.asked = now, 0
	}
	s.asked++
	return s.asked <= s.opts.PerMin
}

func (s *Supabase) routes() *http.ServeMux {
	mux := http.NewServeMux()
	project := "/v1/projects/" + s.opts.Ref
	for pattern, answer := range map[string]func(*http.Request) (int, any){
		"GET " + project:                                           s.project,
		"GET " + project + "/health":                               s.health,
		"GET " + project + "/database/backups":                     s.backups,
		"GET " + project + "/config/database/pooler":               s.poolers,
		"GET " + project + "/config/database/postgres":             s.settings,
		"GET " + project + "/config/disk":                          s.disk,
		"GET " + project + "/config/disk/util":                     s.diskUse,
		"GET " + project + "/billing/addons":                       s.addons,
		"GET " + project + "/readonly":                             s.readOnly,
		"GET " + project + "/network-restrictions":                 s.restrictions,
		"POST " + project + "/network-bans/retrieve/enriched":      s.bans,
		"GET " + project + "/advisors/performance":                 s.advice("performance"),
		"GET " + project + "/advisors/security":                    s.advice("security"),
		"GET " + project + "/analytics/endpoints/usage.api-counts": s.usage,
		"PATCH " + project + "/config/database/pooler":             s.setPooler,
		"PATCH " + project + "/billing/addons":                     s.setAddon,
		"POST " + project + "/read-replicas/setup":                 s.setUpReplica,
		"DELETE " + project + "/network-bans":                      s.unban,
		"POST " + project + "/database/backups/restore-pitr":       s.restore,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			status, body := answer(r)
			if body == nil {
				w.WriteHeader(status)
				return
			}
			writeJSON(w, status, body)
		})
	}
	// A project of somebody else, and what does not exist.
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/projects/") && !strings.HasPrefix(r.URL.Path, project) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		writeJSON(w, http.StatusNotFound, said("Cannot "+r.Method+" "+r.URL.Path))
	})
	return mux
}

// said is the body of a refusal.
func said(message string) map[string]string { return map[string]string{"message": message} }

func refusal(p *problem) (int, any) { return p.status, said(p.message) }

// demand reads the body of a change.
func demand(r *http.Request, into any) *problem {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return &problem{status: http.StatusBadRequest, message: err.Error()}
	}
	return nil
}

func (s *Supabase) setPooler(r *http.Request) (int, any) {
	var body struct {
		Size *int   `json:"default_pool_size"`
		Mode string `json:"pool_mode"`
	}
	if p := demand(r, &body); p != nil {
		return refusal(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if body.Size != nil {
		s.pool = body.Size
	}
	if body.Mode != "" {
		s.mode = body.Mode
	}
	return http.StatusOK, poolerChanged{s.pool, s.mode}
}

// begin starts a change of a project that is in order; one that is on its way
// to something else takes none.
func (s *Supabase) begin(accepted int, change func() *problem) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status != "ACTIVE_HEALTHY" {
		return refusal(&problem{status: http.StatusBadRequest, message: "Project is " + s.status})
	}
	if p := change(); p != nil {
		return refusal(p)
	}
	return accepted, nil
}

func (s *Supabase) setAddon(r *http.Request) (int, any) {
	var body struct {
		Type    string `json:"addon_type"`
		Variant string `json:"addon_variant"`
	}
	if p := demand(r, &body); p != nil {
		return refusal(p)
	}
	size, ok := findSize(body.Variant)
	if body.Type != "compute_instance" || !ok {
		return refusal(&problem{status: http.StatusBadRequest, message: "This addon cannot be bought here."})
	}
	return s.begin(http.StatusOK, func() *problem {
		s.size = size.id
		s.during("RESIZING", "ACTIVE_UNHEALTHY", func(ctx context.Context) error { return s.opts.Database.Resize(ctx, size.connections) })
		return nil
	})
}

func (s *Supabase) setUpReplica(r *http.Request) (int, any) {
	var body struct {
		Region string `json:"read_replica_region"`
	}
	if p := demand(r, &body); p != nil {
		return refusal(p)
	}
	return s.begin(http.StatusCreated, func() *problem {
		s.addReplica(body.Region)
		return nil
	})
}

func (s *Supabase) unban(r *http.Request) (int, any) {
	var body struct {
		Addresses  []string `json:"ipv4_addresses"`
		Requester  bool     `json:"requester_ip"`
		Identifier string   `json:"identifier"`
	}
	if p := demand(r, &body); p != nil {
		return refusal(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.DeleteFunc(slices.Clone(s.banned), func(a string) bool { return slices.Contains(body.Addresses, a) })
	if err := s.opts.Database.Ban(r.Context(), left); err != nil {
		return refusal(&problem{status: http.StatusInternalServerError, message: err.Error()})
	}
	s.banned = left
	return http.StatusOK, nil
}

func (s *Supabase) restore(r *http.Request) (int, any) {
	var body struct {
		To int64 `json:"recovery_time_target_unix"`
	}
	if p := demand(r, &body); p != nil {
		return refusal(p)
	}
	to := time.Unix(body.To, 0)
	return s.begin(http.StatusCreated, func() *problem {
		if oldest, latest := s.recoverable(); to.Before(oldest) || to.After(latest) {
			return &problem{status: http.StatusBadRequest, message: "The recovery time target is outside the window."}
		}
		s.during("RESTORING", "RESTORE_FAILED", func(ctx context.Context) error { return s.opts.Database.Restore(ctx, to) })
		return nil
	})
}

// Ban shuts an address out, as the guard of the database does after too many
// wrong passwords.
func (s *Supabase) Ban(ctx context.Context, address netip.Addr) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	with := append(slices.Clone(s.banned), address.String())
	if err := s.opts.Database.Ban(ctx, with); err != nil {
		return err
	}
	s.banned = with
	return nil
}
