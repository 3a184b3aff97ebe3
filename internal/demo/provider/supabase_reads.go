package provider

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// recoverable is the time that the project can be put back to: seven days, up
// to two minutes ago.
func (s *Supabase) recoverable() (oldest, latest time.Time) {
	now := s.opts.Now()
	return now.Add(-7 * 24 * time.Hour), now.Add(-2 * time.Minute)
}

func (s *Supabase) project(r *http.Request) (int, any) {
	sick := s.opts.Database.Ping(r.Context()) != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.status
	if sick && status == "ACTIVE_HEALTHY" {
		status = "ACTIVE_UNHEALTHY"
	}
	return http.StatusOK, supabaseProject{
		ID: s.opts.Ref, Ref: s.opts.Ref, OrganizationID: "acme", OrganizationSlug: "acme", Name: s.opts.Name,
		Region: "eu-central-1", CreatedAt: stamp(s.created), Status: status,
		Database: supabaseDatabase{
			Host: "db." + s.opts.Ref + ".supabase.co", Version: s.opts.Database.Version(), Engine: "17", Channel: "ga",
		},
	}
}

// health is that of the services that are asked for. What stands on the
// database cannot be well without it.
func (s *Supabase) health(r *http.Request) (int, any) {
	names := r.URL.Query()["services"]
	if len(names) == 0 {
		return refusal(&problem{status: http.StatusBadRequest, message: "services: Required"})
	}
	err := s.opts.Database.Ping(r.Context())
	out := []serviceHealth{}
	for _, name := range names {
		h := serviceHealth{Name: name, Healthy: true, Status: "ACTIVE_HEALTHY"}
		if err != nil && slices.Contains([]string{"db", "rest", "pooler"}, name) {
			h = serviceHealth{Name: name, Status: "UNHEALTHY", Error: err.Error()}
		}
		out = append(out, h)
	}
	return http.StatusOK, out
}

func (s *Supabase) backups(*http.Request) (int, any) {
	oldest, latest := s.recoverable()
	out := supabaseBackups{Region: "eu-central-1", WALG: true, PITR: true, List: []supabaseBackup{}}
	out.Physical.Earliest, out.Physical.Latest = oldest.Unix(), latest.Unix()
	night := s.opts.Now().UTC().Truncate(24 * time.Hour).Add(2 * time.Hour)
	if night.After(s.opts.Now()) {
		night = night.Add(-24 * time.Hour)
	}
	for day := range 7 {
		out.List = append(out.List, supabaseBackup{
			ID: 700 - day, Physical: true, Status: "COMPLETED", At: stamp(night.Add(-time.Duration(day) * 24 * time.Hour)),
		})
	}
	return http.StatusOK, out
}

func (s *Supabase) poolers(*http.Request) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := func(id, kind string) supabasePooler {
		address := fmt.Sprintf("postgres://postgres.%s:[YOUR-PASSWORD]@aws-0-eu-central-1.pooler.supabase.com:6543/postgres", id)
		most := 200
		return supabasePooler{
			Identifier: id, Type: kind, Scram: true, User: "postgres." + id, Host: "aws-0-eu-central-1.pooler.supabase.com", Port: 6543,
			Name: "postgres", Connection: address, ConnectionString: address, Size: s.pool, MaxClients: &most, Mode: s.mode,
		}
	}
	out := []supabasePooler{one(s.opts.Ref, "PRIMARY")}
	for i, r := range s.replicas {
		if r.ready {
			out = append(out, one(fmt.Sprintf("%s-rr-%s-%d", s.opts.Ref, r.region, i+1), "READ_REPLICA"))
		}
	}
	return http.StatusOK, out
}

func (s *Supabase) settings(r *http.Request) (int, any) {
	got, err := s.opts.Database.Settings(r.Context())
	if err != nil {
		return refusal(&problem{status: http.StatusInternalServerError, message: err.Error()})
	}
	return http.StatusOK, got
}

// The disk that goes with every size of this shop.
const diskGB = 8

func (s *Supabase) disk(*http.Request) (int, any) {
	var out supabaseDisk
	out.Attributes.IOPS, out.Attributes.SizeGB, out.Attributes.Throughput, out.Attributes.Type = 3000, diskGB, 125, "gp3"
	return http.StatusOK, out
}

func (s *Supabase) diskUse(r *http.Request) (int, any) {
	m, err := s.machine(r)
	if err != nil {
		return refusal(&problem{status: http.StatusInternalServerError, message: err.Error()})
	}
	var out supabaseDiskUse
	out.At = stamp(s.opts.Now())
	out.Metrics.Size, out.Metrics.Used = diskGB<<30, float64(m.DataBytes)
	out.Metrics.Avail = out.Metrics.Size - out.Metrics.Used
	return http.StatusOK, out
}

// machine asks the database for its machine; a machine is there when the
// database is not, so its last word then stands.
func (s *Supabase) machine(r *http.Request) (Machine, error) {
	m, err := s.opts.Database.Machine(r.Context())
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.last = m
	}
	return m, err
}

func (s *Supabase) addons(*http.Request) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pitr := supabaseVariant{ID: "pitr_7", Name: "7 days", Price: supabasePrice{"$0.137/hour (~$100/month)", "usage", "hourly", 0.137}}
	size, _ := findSize(s.size)
	out := supabaseAddons{
		Selected: []selectedAddon{{"compute_instance", sizeVariant(size)}, {"pitr", pitr}},
		Available: []availableAddon{
			{"compute_instance", "Compute Instance", nil}, {"pitr", "Point in Time Recovery", []supabaseVariant{pitr}},
		},
	}
	for _, c := range computeSizes() {
		out.Available[0].Variants = append(out.Available[0].Variants, sizeVariant(c))
	}
	return http.StatusOK, out
}

func sizeVariant(c computeSize) supabaseVariant {
	return supabaseVariant{ID: c.id, Name: c.name, Price: supabasePrice{c.price(), "usage", "hourly", c.hourly}}
}

func (s *Supabase) readOnly(*http.Request) (int, any) {
	return http.StatusOK, supabaseReadOnly{Until: ""}
}

func (s *Supabase) restrictions(*http.Request) (int, any) {
	out := supabaseRestrictions{Entitlement: "allowed", Status: "applied", UpdatedAt: stamp(s.created), AppliedAt: stamp(s.created)}
	out.Config.V4, out.Config.V6 = []string{"0.0.0.0/0"}, []string{"::/0"}
	return http.StatusOK, out
}

func (s *Supabase) bans(*http.Request) (int, any) {
	out := supabaseBans{Banned: []supabaseBan{}}
	for _, a := range s.Banned() {
		out.Banned = append(out.Banned, supabaseBan{Address: a, Identifier: s.opts.Ref, Type: "postgres"})
	}
	return http.StatusCreated, out
}

func (s *Supabase) advice(kind string) func(*http.Request) (int, any) {
	return func(r *http.Request) (int, any) {
		found, err := s.opts.Database.Lints(r.Context())
		if err != nil {
			return refusal(&problem{status: http.StatusInternalServerError, message: err.Error()})
		}
		out := supabaseLints{Lints: []supabaseLint{}}
		for _, l := range found {
			if l.Kind == kind {
				out.Lints = append(out.Lints, lintBody(l))
			}
		}
		return http.StatusOK, out
	}
}

// usage counts the requests of the last quarter of an hour, as far back as
// somebody has asked.
func (s *Supabase) usage(*http.Request) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now()
	s.served = append(s.served, served{now, s.opts.Database.Requests()})
	for len(s.served) > 1 && now.Sub(s.served[1].at) >= 15*time.Minute {
		s.served = s.served[1:]
	}
	first := int64(0) // of a company that opened within the quarter of an hour
	if now.Sub(s.served[0].at) >= 15*time.Minute {
		first = s.served[0].n
	}
	return http.StatusOK, supabaseUsage{Result: []usageRow{{At: stamp(now), REST: s.served[len(s.served)-1].n - first}}}
}
