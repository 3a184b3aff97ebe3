package collectors

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// SupabaseAdvice reads what the advisors of a project found.
// Source: the management API, two requests.
type SupabaseAdvice struct{ Client *supabase.Client }

// Collect asks both advisors once.
func (s SupabaseAdvice) Collect(ctx context.Context) (model.SupabaseAdvice, error) {
	var out model.SupabaseAdvice
	var p partly
	for _, kind := range []string{"security", "performance"} {
		lints, err := s.Client.Advice(ctx, kind)
		if !p.part("the "+kind+" advisor", err) {
			continue
		}
		for _, l := range lints {
			out.Lints = append(out.Lints, model.Lint{
				Kind: kind, Name: l.Name, Level: l.Level, Title: l.Title, Detail: l.Detail, More: l.Remediation,
			})
		}
	}
	slices.SortStableFunc(out.Lints, func(a, b model.Lint) int { return cmp.Compare(lintRank(a.Level), lintRank(b.Level)) })
	var err error
	out.Hidden, err = p.result()
	return out, err
}

// lintRank puts levels in order, the worst first.
func lintRank(level string) int {
	if at := slices.Index([]string{"ERROR", "WARN", "INFO"}, level); at >= 0 {
		return at
	}
	return 3
}

// SupabaseUsage reads how many requests the services of a project took.
// Source: the management API, one request.
type SupabaseUsage struct{ Client *supabase.Client }

// Collect counts the requests of the last quarter of an hour.
func (s SupabaseUsage) Collect(ctx context.Context) (model.SupabaseUsage, error) {
	got, err := s.Client.Usage(ctx)
	if err != nil {
		return model.SupabaseUsage{}, fmt.Errorf("count the requests: %w", err)
	}
	if text := strings.Trim(string(got.Error), `"`); text != "" && text != "null" {
		return model.SupabaseUsage{}, &model.Fail{Class: model.Protocol, Text: "count the requests: " + cut(text, 200)}
	}
	var rest, auth, storage, realtime float64
	for _, row := range got.Result {
		rest, auth, storage, realtime = rest+row.REST, auth+row.Auth, storage+row.Storage, realtime+row.Realtime
	}
	return model.SupabaseUsage{Span: 15 * time.Minute, Requests: []model.Count{
		{Name: "rest", N: int(rest)}, {Name: "auth", N: int(auth)}, {Name: "storage", N: int(storage)}, {Name: "realtime", N: int(realtime)},
	}}, nil
}

// cut shortens a text from outside.
func cut(text string, most int) string {
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
