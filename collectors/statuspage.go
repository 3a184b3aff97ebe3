package collectors

import (
	"context"
	"fmt"

	"tocsin/internal/model"
	"tocsin/internal/statuspage"
)

// StatusPage reads what a provider says about itself.
// Source: Atlassian Statuspage, one request.
type StatusPage struct {
	Name   string // of the provider, as configured
	URL    string // the page's address, as configured
	Client *statuspage.Client
}

// Collect reads the page.
func (s StatusPage) Collect(ctx context.Context) (model.StatusPage, error) {
	summary, err := s.Client.Summary(ctx)
	if err != nil {
		return model.StatusPage{}, fmt.Errorf("status page of %s: %w", s.Name, err)
	}
	out := model.StatusPage{
		Name: s.Name, URL: s.URL,
		Indicator: summary.Status.Indicator, Text: summary.Status.Description,
	}
	for _, c := range summary.Components {
		if !c.Group { // a group repeats the worst of its parts
			out.Components = append(out.Components, model.Component{Name: c.Name, Status: c.Status})
		}
	}
	for _, i := range summary.Incidents {
		since := i.Started.Time
		if since.IsZero() {
			since = i.Created.Time
		}
		out.Incidents = append(out.Incidents, model.ProviderIncident{Name: i.Name, Impact: i.Impact, Since: since, Updated: i.Updated.Time})
	}
	return out, nil
}
