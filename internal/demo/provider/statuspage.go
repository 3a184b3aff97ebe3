package provider

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// StatusPage is a public status page in the form of Atlassian Statuspage. It
// is an [http.Handler] for the page's base address and safe for use by many
// goroutines.
type StatusPage struct {
	name string

	mu       sync.Mutex
	incident *pageIncident // nil while all is well
	changed  time.Time
}

type pageIncident struct {
	name   string
	impact string // minor, major or critical
}

// NewStatusPage returns a page on which all is well. The name is what the
// page is about, for instance Vercel.
func NewStatusPage(name string) *StatusPage {
	return &StatusPage{name: name, changed: time.Now()}
}

// SetIncident opens an incident in place of any earlier one. The impact is
// minor, major or critical.
func (s *StatusPage) SetIncident(name, impact string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.incident, s.changed = &pageIncident{name, impact}, time.Now()
}

// Clear ends the incident.
func (s *StatusPage) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.incident, s.changed = nil, time.Now()
}

// ServeHTTP answers /api/v2/summary.json; everything else is 404.
func (s *StatusPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != "/api/v2/summary.json" {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(w, http.StatusOK, s.summary())
}

type pageSummary struct {
	Page         pageInfo          `json:"page"`
	Status       pageStatus        `json:"status"`
	Components   []pageComponent   `json:"components"`
	Incidents    []pageIncidentOut `json:"incidents"`
	Maintenances []struct{}        `json:"scheduled_maintenances"`
}

type pageInfo struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	URL       string `json:"url"`
	TimeZone  string `json:"time_zone"`
	UpdatedAt string `json:"updated_at"`
}

type pageStatus struct {
	Indicator   string `json:"indicator"` // none, minor, major, critical
	Description string `json:"description"`
}

type pageComponent struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Status   string  `json:"status"`
	Position int     `json:"position"`
	GroupID  *string `json:"group_id"`
}

type pageIncidentOut struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Status    string           `json:"status"`
	Impact    string           `json:"impact"`
	CreatedAt string           `json:"created_at"`
	StartedAt string           `json:"started_at"`
	UpdatedAt string           `json:"updated_at"`
	Updates   []incidentUpdate `json:"incident_updates"`
}

type incidentUpdate struct {
	ID        string `json:"id"`
	Status    string `json:"status"`
	Body      string `json:"body"`
	CreatedAt string `json:"created_at"`
}

// summary is the page's answer. The caller holds mu.
func (s *StatusPage) summary() pageSummary {
	at := s.changed.UTC().Format("2006-01-02T15:04:05.000Z")
	id := strings.ToLower(strings.ReplaceAll(s.name, " ", "-"))
	out := pageSummary{
		Page:         pageInfo{ID: id, Name: s.name, URL: fmt.Sprintf("https://status.%s.example", id), TimeZone: "Etc/UTC", UpdatedAt: at},
		Status:       pageStatus{"none", "All Systems Operational"},
		Components:   []pageComponent{{ID: id + "-api", Name: "API", Status: "operational", Position: 1}},
		Incidents:    []pageIncidentOut{},
		Maintenances: []struct{}{},
	}
	if s.incident == nil {
		return out
	}
	component, description := impactWords(s.incident.impact)
	out.Status = pageStatus{s.incident.impact, description}
	out.Components[0].Status = component
	out.Incidents = []pageIncidentOut{{
		ID: "inc-1", Name: s.incident.name, Status: "investigating", Impact: s.incident.impact,
		CreatedAt: at, StartedAt: at, UpdatedAt: at,
		Updates: []incidentUpdate{{ID: "upd-1", Status: "investigating", Body: "We are looking into it.", CreatedAt: at}},
	}}
	return out
}

// impactWords returns the state of a component and the page's sentence that go
// with an incident's impact.
func impactWords(impact string) (component, description string) {
	switch impact {
	case "critical":
		return "major_outage", "Major Service Outage"
	case "major":
		return "partial_outage", "Partial System Outage"
	default:
		return "degraded_performance", "Minor Service Outage"
	}
}
