package collectors

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/vercel"
)

// domainsAsked bounds the host names whose configuration is asked for, one
// request each.
const domainsAsked = 20

// Domains reads the host names of production, their certificates, and when its
// environment was changed. Source: Vercel, five requests and one for each host
// name of the project's own.
type Domains struct{ Vercel *vercel.Client }

// Collect reads them. What the token may not see of certificates or of one
// domain stays unknown.
func (d Domains) Collect(ctx context.Context) (model.Domains, error) {
	list, err := d.Vercel.Domains(ctx)
	if err != nil {
		return model.Domains{}, fmt.Errorf("list domains: %w", err)
	}
	r := domainReading{client: d.Vercel, now: time.Now(), left: domainsAsked}
	r.certs, err = d.Vercel.Certificates(ctx)
	r.hide("certificates", err)
	r.certsHidden = err != nil
	out := model.Domains{}
	for _, domain := range list {
		out.Rows = append(out.Rows, r.row(ctx, domain))
	}
	out.Aliases, err = d.aliases(ctx)
	r.hide("aliases", err)
	out.Variables, err = d.variables(ctx)
	r.hide("environment variables", err)
	out.Hidden = r.hidden
	return out, nil
}

// aliases are the names of all builds of the project.
func (d Domains) aliases(ctx context.Context) ([]model.DeployAlias, error) {
	project, err := d.Vercel.Project(ctx)
	if err != nil {
		return nil, err
	}
	list, err := d.Vercel.Aliases(ctx, project.ID)
	var out []model.DeployAlias
	for _, a := range list {
		out = append(out, model.DeployAlias(a))
	}
	return out, err
}

// variables are those of production.
func (d Domains) variables(ctx context.Context) ([]model.Variable, error) {
	list, err := d.Vercel.Environment(ctx)
	var out []model.Variable
	for _, v := range list {
		if v.Production {
			out = append(out, model.Variable{Name: v.Key, Set: v.Updated})
		}
	}
	return out, err
}

// domainReading is one reading of all host names.
type domainReading struct {
	client      *vercel.Client
	now         time.Time
	left        int // configurations that may still be asked for
	certs       []vercel.Certificate
	certsHidden bool
	hidden      string // the first thing that could not be read
}

func (r *domainReading) hide(what string, err error) {
	if err != nil && r.hidden == "" {
		r.hidden = what + ": " + err.Error()
	}
}

func (r *domainReading) row(ctx context.Context, d vercel.Domain) model.Domain {
	row := model.Domain{Name: d.Name, Redirect: d.Redirect, Verified: d.Verified}
	if strings.HasSuffix(d.Name, ".vercel.app") {
		row.Own, row.Lost = true, new(bool)
		return row
	}
	switch cert, ok := newestFor(r.certs, d.Name); {
	case r.certsHidden:
		row.Why = "the certificates could not be read"
	case ok:
		left := cert.Ends.Sub(r.now)
		row.Ends, row.Left, row.Renews = cert.Ends, &left, cert.Renew
	}
	if d.Verified && r.left > 0 {
		r.left--
		lost, err := r.client.Misconfigured(ctx, d.Name)
		r.hide("domain "+d.Name, err)
		if err == nil {
			row.Lost = &lost
		}
	}
	return row
}

// newestFor finds the certificate for a name that is valid longest.
func newestFor(certs []vercel.Certificate, name string) (newest vercel.Certificate, ok bool) {
	for _, cert := range certs {
		for _, cn := range cert.Names {
			if covers(cn, name) && cert.Ends.After(newest.Ends) {
				newest, ok = cert, true
			}
		}
	}
	return newest, ok
}

// covers tells whether a name in a certificate stands for a host name.
func covers(cn, name string) bool {
	if wild, ok := strings.CutPrefix(cn, "*."); ok {
		_, rest, found := strings.Cut(name, ".")
		return found && strings.EqualFold(rest, wild)
	}
	return strings.EqualFold(cn, name)
}
