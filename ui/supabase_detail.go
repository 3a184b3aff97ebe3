package ui

import (
	"strconv"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// supabaseService is the line of the project among the services.
func supabaseService(in In, p store.Named[model.SupabaseProject]) service {
	v := p.Sample.Value
	s := service{status: p.Status, kind: "provider", name: "supabase", word: "ok"}
	level, known := v.Standing()
	well := 0
	for _, one := range v.Services {
		if one.Healthy() {
			well++
		}
	}
	s.info = strings.ToLower(v.Word()) + ", " + strconv.Itoa(well) + " of " + plural(len(v.Services), "service", "services") + " healthy; " + budgetText(v.Budget)
	switch {
	case !known:
		s.word, s.level = "unknown", 1
	case level == 2:
		s.word, s.level = "down", 3
	case level == 1:
		s.word = "changing"
	case well < len(v.Services):
		s.word, s.level = "failing", 2
	}
	for _, a := range in.Alerts {
		if a.Group == "supabase" && a.Trouble() && !dimmed(a) && int(a.Level()) > s.level {
			s.word, s.level = "trouble", int(a.Level())
			s.info = alertName(a) + " " + alertValue(in, a)
		}
	}
	return s
}

// supabaseDetail shows everything that is known of one part of the project.
func supabaseDetail(in In, key string) []Line {
	source, name, _ := strings.Cut(key, "/")
	lines := sourceLines(in, statusOf(in.View, source))
	got, ok := in.View.Sample(source)
	if !ok {
		return lines
	}
	switch s := got.(type) {
	case store.Sample[model.SupabaseProject]:
		return append(lines, projectLines(in, s.Value)...)
	case store.Sample[model.SupabaseBackups]:
		return append(lines, backupLines(in, s.Value)...)
	case store.Sample[model.SupabaseSettings]:
		return append(lines, hostedSettingLines(s.Value)...)
	case store.Sample[model.SupabaseNetwork]:
		return append(lines, networkLines(in, s.Value)...)
	case store.Sample[model.SupabaseAdvice]:
		return append(lines, lintLines(in, s.Value, name)...)
	case store.Sample[model.SupabaseCompute]:
		return append(lines, wrapped("hidden", s.Value.Hidden, in.Width)...)
	}
	return lines
}

func projectLines(in In, p model.SupabaseProject) []Line {
	if p.Ref == "" {
		return nil
	}
	lines := []Line{
		labelled("project", p.Name+" ("+p.Ref+")"), labelled("status", p.Status), labelled("region", p.Region),
		labelled("PostgreSQL", p.Postgres), labelled("API calls", budgetText(p.Budget)),
	}
	if !p.Created.IsZero() {
		lines = append(lines, labelled("made", in.ago(&p.Created)))
	}
	for _, s := range p.Services {
		lines = append(lines, wrapped("service", s.Name+": "+commas(s.Status, s.Error), in.Width)...)
	}
	return lines
}

func backupLines(in In, b model.SupabaseBackups) []Line {
	var lines []Line
	for _, one := range b.List {
		lines = append(lines, labelled("backup", in.full(one.At)+"  "+strings.ToLower(one.Status)))
	}
	if b.PITR {
		lines = append(lines, labelled("point in time", in.full(b.Oldest)+" to "+in.full(b.Latest)))
	}
	return lines
}

func hostedSettingLines(s model.SupabaseSettings) []Line {
	var lines []Line
	if s.Pooler != nil {
		lines = append(lines, labelled("pooler", poolText(s.Pooler)+", "+poolMeans(s.Pooler)))
	}
	for _, r := range s.Replicas {
		lines = append(lines, labelled("replica", r.ID), labelled("", r.Host))
	}
	for _, one := range s.Settings {
		lines = append(lines, labelled("setting", one.Name+" = "+one.Value))
	}
	return lines
}

func networkLines(in In, n model.SupabaseNetwork) []Line {
	var lines []Line
	for _, a := range n.Allowed {
		lines = append(lines, labelled("let in", a))
	}
	for _, b := range n.Bans {
		lines = append(lines, labelled("shut out", b.Address+" of "+b.Of))
	}
	return append(lines, wrapped("hidden", n.Hidden, in.Width)...)
}

// lintLines show the finding of a line; all of them where the line is none.
func lintLines(in In, a model.SupabaseAdvice, name string) []Line {
	lints := a.Lints
	if at, err := strconv.Atoi(strings.TrimPrefix(name, "lint ")); err == nil && at >= 0 && at < len(lints) {
		lints = lints[at : at+1]
	}
	var lines []Line
	for _, l := range lints {
		lines = append(lines, labelled(strings.ToLower(l.Level), l.Kind+", "+l.Name))
		lines = append(lines, wrapped("", commas(l.Title, l.Detail), in.Width)...)
		lines = append(lines, labelled("", l.More))
	}
	return lines
}
