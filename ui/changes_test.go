package ui

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// What is set for production is told among the builds; one that is older than
// the build that is live is known to it.
func TestVariablesThatChanged(t *testing.T) {
	s, now := store.New(), time.Now()
	const day = 24 * time.Hour
	store.NewCell(s, store.DeploymentsKey(), store.Source{Every: time.Second}).Put(model.Deployments{Rows: []model.Deployment{
		{ID: "d", Name: "v4", State: "READY", Live: true, Created: now.Add(-time.Hour), Ready: now.Add(-time.Hour)},
	}}, now, 0)
	store.NewCell(s, store.DomainsKey(), store.Source{Every: time.Second}).Put(model.Domains{Variables: []model.Variable{
		{Name: "RATES_URL", Set: now.Add(-time.Minute)}, {Name: "TAX_URL", Set: now.Add(-day)}, {Name: "DATABASE_URL", Set: now.Add(-8 * day)}, {Name: "OLD"},
	}}, now, 0)
	var got []string
	for _, c := range changes(In{View: s.View()}) {
		got = append(got, c.text)
	}
	want := []string{"variable RATES_URL set, v4 does not know it", "deploy v4 (live)", "variable TAX_URL set"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what changed (-want +got):\n%s", diff)
	}
}
