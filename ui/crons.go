package ui

import (
	"cmp"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// cronLevel is how loud a job is.
func cronLevel(c model.SentryCron) int {
	switch {
	case c.Failing() && !c.Muted:
		return 2
	case c.Failing(), c.LastCheckIn.IsZero() && c.Status != "disabled":
		return 1
	}
	return 0
}

// cronWord is how a job stands, in a word.
func cronWord(c model.SentryCron) string {
	word := map[string]string{"missed_checkin": "missed", "timeout": "too long", "error": "failed"}[c.Status]
	if word == "" {
		word = nameOr(c.Status, "unknown")
	}
	if c.Muted {
		word += ", muted"
	}
	return word
}

// cronsFrame is the view of the scheduled jobs that check in at Sentry.
func cronsFrame(in In) Frame {
	r := read(in.View, store.SentryCronsKey())
	t := &Table{
		Columns: []Column{
			{Name: "state", Title: "state", Width: 16},
			{Name: "job", Title: "job", Width: 26},
			{Name: "last", Title: "last", Width: 12, Right: true},
			{Name: "next", Title: "next", Width: 12, Right: true, Drop: 1},
			{Name: "schedule", Title: "schedule", Width: 20, Drop: 3},
			{Name: "environment", Title: "environment", Width: 13, Drop: 4},
			{Name: "project", Title: "project", Drop: 2},
		},
		Empty: "no job checks in at Sentry",
	}
	rows := slices.Clone(r.Value.Rows)
	slices.SortStableFunc(rows, func(a, b model.SentryCron) int {
		return cmp.Or(cmp.Compare(cronLevel(b), cronLevel(a)), cmp.Compare(a.Slug, b.Slug))
	})
	for _, c := range rows {
		t.Rows = append(t.Rows, cronRow(in, c))
	}
	f := Frame{Table: t}
	if r.Value.More {
		f.Head = []Line{{gap(1), span(Muted, "there are more jobs than are listed")}}
	}
	return frameOf(in, f, r.status)
}

// cronKey tells the jobs of one slug apart by their environment.
func cronKey(c model.SentryCron) string { return c.Slug + "/" + c.Environment }

func cronRow(in In, c model.SentryCron) Row {
	level := cronLevel(c)
	last := Cell{Text: "never", Role: Muted}
	if !c.LastCheckIn.IsZero() {
		d := in.View.Now().Sub(c.LastCheckIn)
		last = Cell{Text: age(d) + " ago", Num: d.Seconds(), HasNum: true}
	}
	return Row{Key: cronKey(c), Cells: []Cell{
		{Text: in.mark(level) + " " + cronWord(c), Role: levelRole(level, Plain), Num: float64(level), HasNum: true},
		{Text: nameOr(c.Name, c.Slug), Role: Strong}, last, {Text: due(in, c.NextCheckIn)},
		{Text: c.Schedule, Role: Muted}, {Text: c.Environment, Role: Muted}, {Text: c.Project, Role: Muted},
	}}
}

// due says when something is to happen, or for how long it should have.
func due(in In, at time.Time) string {
	d := at.Sub(in.View.Now())
	switch {
	case at.IsZero():
		return ""
	case d < 0:
		return age(-d) + " late"
	}
	return "in " + age(d)
}

func cronDetail(in In, key string) []Line {
	for _, c := range read(in.View, store.SentryCronsKey()).Value.Rows {
		if cronKey(c) == key {
			return []Line{
				labelled("job", c.Slug+"  "+c.Name), labelled("stands", cronWord(c)), labelled("project", c.Project),
				labelled("environment", c.Environment), labelled("schedule", c.Schedule+"  "+c.Zone),
				labelled("last check-in", seen(in, c.LastCheckIn)), labelled("next", nameOr(due(in, c.NextCheckIn), "not told")),
			}
		}
	}
	return []Line{{span(Muted, "this job is no longer listed")}}
}

// quotaFrame is the view of what became of the events that Sentry was sent.
func quotaFrame(in In) Frame {
	r := read(in.View, store.SentryQuotaKey())
	q := r.Value
	items := []quantity{quotaItem(q)}
	dropped := quantity{key: "dropped", name: "dropped", metric: "sentry.dropped",
		means: "refused for want of quota or by a rate limit in the last " + count(int64(q.Hours)) + " h: what Sentry counts is too low by these"}
	items = append(items, dropped.is(model.Sum(q.Hour, "", "rate_limited"), count(int64(model.Sum(q.Hour, "", "rate_limited")))))
	for _, o := range byNumber(q.Month) {
		items = append(items, quantity{key: o.Category + "/" + o.Outcome, name: o.Category + " " + o.Outcome,
			means: "of 30 d"}.is(o.N, count(int64(o.N))))
	}
	if b := read(in.View, store.SentryIssuesKey()).Value.Calls; b != nil {
		items = append(items, callsItem(in, *b))
	}
	f := Frame{Table: quantities(in, items)}
	return frameOf(in, f, r.status)
}

// quotaItem is the quota of errors: what is used, and what is left where
// somebody said how much there is.
func quotaItem(q model.SentryQuota) quantity {
	used := model.Sum(q.Month, "error", "accepted")
	it := quantity{key: "quota", name: "errors of 30 d", metric: "sentry.quota.used", share: true}
	pct, ok := q.UsedPct()
	if !ok {
		it.metric = ""
		it.means = "left: unknown, Sentry does not tell it (quota: in the configuration)"
		return it.is(used, count(int64(used)))
	}
	left := max(float64(q.Limit)-used, 0)
	it.means = count(int64(used)) + " of " + count(int64(q.Limit)) + ", " + count(int64(left)) + " left; the plan may count by another month"
	return it.is(pct, percent(pct))
}

func callsItem(in In, b model.Budget) quantity {
	it := quantity{key: "calls", name: "calls of ours left", metric: "provider.budget", labels: model.Labels{"provider": "sentry"}, share: true}
	if !b.Reset.IsZero() && b.Reset.After(in.View.Now()) {
		it.means = "of " + count(int64(b.Limit)) + ", anew in " + age(b.Reset.Sub(in.View.Now()))
	} else {
		it.means = "of " + count(int64(b.Limit))
	}
	return it.is(float64(b.Left), count(int64(b.Left)))
}

func byNumber(all []model.SentryOutcome) []model.SentryOutcome {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b model.SentryOutcome) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Category+a.Outcome, b.Category+b.Outcome))
	})
	return out
}

func quotaDetail(in In, _ string) []Line {
	return sourceLines(in, statusOf(in.View, store.SentryQuotaKey().Name))
}
