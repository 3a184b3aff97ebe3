package cli

import (
	"time"

	"tocsin/internal/incident"
)

// The types below are the form of `incident list -o json` and `incident show -o json`.
type incidentsDocument struct {
	Version   int               `json:"version"`
	Incidents []incidentSummary `json:"incidents"`
}

type incidentDocument struct {
	Version  int              `json:"version"`
	Incident incidentSummary  `json:"incident"`
	Timeline []incident.Event `json:"timeline"`
}

type incidentSummary struct {
	ID         string              `json:"id"`
	Title      string              `json:"title"`
	Target     *string             `json:"target"` // null where it is hidden
	Severity   *string             `json:"severity"`
	Status     string              `json:"status"`
	Restricted bool                `json:"restricted"`
	Began      time.Time           `json:"began"`
	Opened     time.Time           `json:"opened"`
	Mitigated  *time.Time          `json:"mitigated"` // null while it is not
	Resolved   *time.Time          `json:"resolved"`
	Closed     *time.Time          `json:"closed"`
	Runbook    *string             `json:"runbook"`
	NextUpdate *time.Time          `json:"next_update"`
	FollowUps  []incident.FollowUp `json:"follow_ups"`
}

func incidentsDocumentOf(all []incident.State) incidentsDocument {
	out := incidentsDocument{Version: documentVersion, Incidents: []incidentSummary{}}
	for _, s := range all {
		out.Incidents = append(out.Incidents, incidentOf(s))
	}
	return out
}

func incidentOf(s incident.State) incidentSummary {
	out := incidentSummary{
		ID: s.ID, Title: s.Title(), Target: word(s.Opening.Target), Severity: word(s.Severity), Status: string(s.Status),
		Restricted: s.Hidden || s.Opening.Restricted, Began: s.Began().UTC(), Opened: s.At.UTC(), FollowUps: append([]incident.FollowUp{}, s.FollowUps...),
		Mitigated: reached(s, incident.StatusMitigated), Resolved: reached(s, incident.StatusResolved), Closed: reached(s, incident.StatusClosed),
	}
	if s.Book != nil {
		out.Runbook = word(s.Book.Runbook)
	}
	if at, due := s.NextUpdate(); due {
		at = at.UTC()
		out.NextUpdate = &at
	}
	return out
}

func reached(s incident.State, status incident.Status) *time.Time {
	at, ok := s.Reached[status]
	if !ok {
		return nil
	}
	at = at.UTC()
	return &at
}
