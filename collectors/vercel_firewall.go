package collectors

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/vercel"
)

// mitigationsSince is how far back the firewall's doings are told.
const mitigationsSince = time.Hour

// Firewall reads how a project is protected. Source: Vercel, four requests.
type Firewall struct{ Vercel *vercel.Client }

// Collect reads it. The project has to be there; what else the plan or the
// token does not give is told as hidden.
func (f Firewall) Collect(ctx context.Context) (model.Firewall, error) {
	project, err := f.Vercel.Project(ctx)
	if err != nil {
		return model.Firewall{}, fmt.Errorf("read the project: %w", err)
	}
	config, err := f.Vercel.Firewall(ctx, project.ID)
	if err != nil {
		return model.Firewall{}, fmt.Errorf("read the firewall: %w", err)
	}
	out := model.Firewall{
		Project: project.Name, On: config.On || project.Security.Firewall, Paused: project.Paused,
		AttackMode: project.Security.AttackMode, AttackUntil: project.Security.AttackUntil,
		Custom: config.Custom, Draft: config.Draft,
	}
	for _, r := range config.Rules {
		out.Rules = append(out.Rules, model.IPRule(r))
	}
	series, err := f.Vercel.Mitigations(ctx, project.ID, time.Now().Add(-mitigationsSince))
	for _, m := range series {
		out.Mitigations = append(out.Mitigations, model.Mitigation(m))
	}
	attacks, err2 := f.Vercel.Attacks(ctx, project.ID)
	out.Attacks = attacks
	if err := cmp.Or(err, err2); err != nil {
		out.Hidden = err.Error()
	}
	out.Budget, _ = f.Vercel.Budget()
	return out, nil
}
