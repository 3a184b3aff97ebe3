package alert

import (
	"fmt"
	"strings"

	"tocsin/internal/store"
)

// supabase names what is wrong with the project that holds the database.
func (s *scene) supabase() []candidate {
	var out []candidate
	for _, look := range []func(*scene) (candidate, bool){
		(*scene).projectOff, (*scene).projectReadOnly, (*scene).projectServices, (*scene).projectMachine,
	} {
		if c, ok := look(s); ok {
			c.Against = append(c.Against, lines(s.deployLine(), s.providerLine(), s.loadLine())...)
			out = append(out, c)
		}
	}
	return out
}

// projectOff names a project that was switched off, or could not be brought
// up. That it is unhealthy only repeats what its database says itself.
func (s *scene) projectOff() (candidate, bool) {
	h, ok := s.over("supabase.project")
	p, readable := known(s, store.SupabaseProjectKey())
	if !ok || !readable {
		return candidate{}, false
	}
	weight := weightProject
	if p.Status == "ACTIVE_UNHEALTHY" {
		weight = weightProvider
	}
	c := explain(weight, h)
	c.Summary = fmt.Sprintf("the project %s at Supabase is %s", p.Name, p.Word())
	for _, one := range p.Services {
		if !one.Healthy() {
			c.Evidence = append(c.Evidence, strings.TrimSuffix(one.Name+" "+strings.ToLower(one.Status)+": "+one.Error, ": "))
		}
	}
	c.Evidence = append(c.Evidence, s.symptomTexts()...)
	return c, true
}

// projectReadOnly names a database that refuses writes.
func (s *scene) projectReadOnly() (candidate, bool) {
	h, ok := s.over("supabase.readonly")
	if !ok {
		return candidate{}, false
	}
	c := explain(weightReadOnly, h)
	c.Summary = "the database at Supabase refuses writes"
	if f, ok := s.fact("supabase.volume.used"); ok {
		c.Summary += ": its disk is " + number(f.Value, f.Unit) + " full"
	}
	c.Evidence = lines(append([]string{"it becomes read-only when 95 % of its disk are in use"}, s.symptomTexts()...)...)
	return c, true
}

// projectServices names the services that are down beside the database itself.
func (s *scene) projectServices() (candidate, bool) {
	down := s.all("supabase.service")
	p, readable := known(s, store.SupabaseProjectKey())
	if len(down) == 0 || !readable {
		return candidate{}, false
	}
	weight := weightProviderFar
	if len(s.symptoms()) > 0 {
		weight = weightProvider
	}
	c := explain(weight, down[0])
	var names []string
	for _, h := range down {
		names = append(names, h.Labels["service"])
	}
	c.Summary = fmt.Sprintf("%s not healthy in project %s at Supabase", isAre(names), p.Name)
	for _, one := range p.Services {
		if one.Error != "" {
			c.Evidence = append(c.Evidence, one.Name+": "+one.Error)
		}
	}
	c.Evidence = append(c.Evidence, s.symptomTexts()...)
	return c, true
}

// isAre is a list of names as the beginning of a sentence: "db is", "db, rest are".
func isAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

// projectMachine names what the machine of the database is short of.
func (s *scene) projectMachine() (candidate, bool) {
	h, ok := s.over("supabase.disk.used", "supabase.volume.used", "supabase.memory", "supabase.cpu")
	if !ok || h.Rule == "supabase.cpu" && h.State != Firing { // a busy minute passes
		return candidate{}, false
	}
	weight := weightMachine
	if h.value >= 95 && strings.HasSuffix(h.Metric, ".used") {
		weight = weightDiskFull
	}
	c := explain(weight, h)
	c.Summary = "the database's machine at Supabase: " + h.text()
	if size, ok := known(s, store.SupabaseComputeKey()); ok && size.Size != "" {
		c.Evidence = append(c.Evidence, "its size is "+size.Size+", "+size.Price)
	}
	c.Evidence = append(c.Evidence, s.symptomTexts()...)
	return c, true
}

// projectLine says what the project is on its way to; "" where it is not.
func (s *scene) projectLine() string {
	p, ok := known(s, store.SupabaseProjectKey())
	if level, told := p.Standing(); !ok || !told || level == 0 {
		return ""
	}
	return "at Supabase the project is " + p.Word()
}
