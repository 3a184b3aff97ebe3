package alert

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

const (
	// youngBuild is how long a build is suspected for what began after it.
	youngBuild = 30 * time.Minute
	// servedWell is how long a build has to have served without the trouble to
	// come after every cause that began with it.
	servedWell = 15 * time.Minute
	// deploySlack forgives clocks that differ and readings that are shared.
	deploySlack = 30 * time.Second
)

// badDeploy suspects a build that serves since a short while where the worst of
// what users feel began after it. A rollback ends more than it brings about, so
// nothing is forgiven there.
func (s *scene) badDeploy() []candidate {
	symptoms := s.symptoms()
	if len(symptoms) == 0 {
		return nil
	}
	for _, d := range store.All[model.Deployments](s.v) {
		since, by, ok := d.Sample.Value.LiveSince()
		if age := s.now.Sub(since); !ok || d.Sample.At.IsZero() || age < -deploySlack || age > youngBuild {
			continue
		}
		if !symptoms[0].began.Before(from(since, by)) {
			c := s.blameBuild(d.Sample.Value, symptoms[0])
			if _, left := s.leftBy(symptoms[0]); left && c.weight == weightDeployLate {
				continue // it served well until the shortage
			}
			c.doubt(d.Sample.Fail)
			return []candidate{c}
		}
	}
	return nil
}

// from is the earliest instant at which what a build brought about can begin.
func from(since time.Time, by string) time.Time {
	if by == "rollback" {
		return since
	}
	return since.Add(-deploySlack)
}

func (s *scene) blameBuild(all model.Deployments, worst hot) candidate {
	live, _ := all.Live()
	since, by, _ := all.LiveSince()
	c := explain(weightDeploy, worst)
	c.Book = "bad-deploy"
	if c.Since.Sub(since) > servedWell {
		c.weight = weightDeployLate
	}
	what := map[string]string{"rollback": "the rollback to ", "promote": "the promote of "}[by]
	c.Summary = fmt.Sprintf("%s since %s%s", worst.text(), cmp.Or(what, "deploy "), live.Name)
	if live.Author != "" {
		c.Summary += " by " + live.Author
	}
	c.Summary += fmt.Sprintf(", live for %s", ago(s.now.Sub(since)))
	began := fmt.Sprintf("began %s after the build went live", ago(c.Since.Sub(since)))
	c.Evidence = lines(append([]string{began, s.before(worst, since), s.issueSince(from(since, by))}, s.symptomTexts()...)...)
	c.Against = lines(s.providerLine(), s.loadLine(), s.lockLine())
	if back, ok := all.Candidate(); ok {
		c.Evidence = append(c.Evidence, back.Name+" can be rolled back to")
		c.act("deploy.rollback", map[string]string{"deployment": back.ID})
	} else {
		c.Evidence = append(c.Evidence, "there is no build to roll back to")
	}
	return c
}

// doubt says that the builds cannot be read any more, where that is so: what is
// live may have changed, and nothing is offered.
func (c *candidate) doubt(fail *model.Fail) {
	if fail != nil {
		c.Evidence = append(c.Evidence, "what is live now is not known: "+fail.Text)
		c.Action, c.Args = "", nil
	}
}

// before tells what the reading was before an instant.
func (s *scene) before(h hot, at time.Time) string {
	var old []model.Point
	for _, p := range s.v.Series(h.Metric, h.Labels, s.now.Add(-lookBack)) {
		if p.At.Before(at) {
			old = append(old, p)
		}
	}
	usual, ok := median(old)
	if !ok || h.Metric == "service.down" {
		return ""
	}
	return fmt.Sprintf("%s was %s before it", h.Metric, number(usual, h.Unit))
}

// providers suspects a provider that reports trouble of its own; more so when
// our users feel something.
func (s *scene) providers() []candidate {
	var out []candidate
	symptoms := s.symptomTexts()
	for _, h := range s.all("provider.trouble") {
		page, ok := known(s, store.StatusPageKey(h.Labels["provider"]))
		if !ok {
			continue
		}
		c := explain(weightProviderFar, h)
		named := s.issueNaming(page.Name)
		if len(symptoms) > 0 {
			c.weight, c.Level = weightProvider, max(c.Level, s.symptoms()[0].loud())
			if named != "" {
				c.weight = weightNamed
			}
		}
		c.Summary = fmt.Sprintf("%s reports %s trouble", page.Name, page.Indicator)
		if page.Text != "" {
			c.Summary += ": " + page.Text
		}
		if len(symptoms) > 0 {
			c.Summary += "; not ours to mend: tell users, and wait"
		}
		c.Evidence = lines(named, s.unreadableOf(page.Name))
		for _, incident := range page.Incidents {
			c.Evidence = append(c.Evidence, fmt.Sprintf("%s (%s) for %s", incident.Name, incident.Impact, ago(s.now.Sub(incident.Since))))
			if incident.Since.Before(c.Since) {
				c.Since = incident.Since
			}
		}
		c.Evidence = append(c.Evidence, symptoms...)
		c.Against = lines(s.deployLine(), s.lockLine(), s.loadLine())
		if len(symptoms) == 0 {
			c.Against = append(c.Against, "nothing of it is felt here")
		}
		out = append(out, c)
	}
	return out
}

// servicesDown names a service that does not answer, where nothing deeper
// explains it.
func (s *scene) servicesDown() []candidate {
	var out []candidate
	for _, h := range s.all("service.down") {
		probe, ok := known(s, store.ProbeKey(h.Labels["service"]))
		if !ok {
			continue
		}
		c := explain(weightServiceDown, h)
		c.Summary, c.Evidence = downText(probe), lines(probe.Address)
		if !probe.Passed {
			c.Evidence = lines(plural(probe.Failures, "attempt")+" in a row failed", probe.Address)
		}
		c.Against = s.ruledOut()
		out = append(out, c)
	}
	return out
}

// downText says how a service stands that counts as down.
func downText(p model.Probe) string {
	switch {
	case p.Passed && p.Needed > 0:
		return fmt.Sprintf("%s answers again, %d of %d good", p.Service, p.Passes, p.Needed)
	case p.Passed:
		return p.Service + " answers again"
	case p.Why != "":
		return p.Service + " is down: " + p.Why
	default:
		return p.Service + " is down"
	}
}

// staleCache names a service whose content is older than it may be.
func (s *scene) staleCache() []candidate {
	var out []candidate
	for _, h := range s.all("cache.stale") {
		sample, _ := store.Get(s.v, store.ProbeKey(h.Labels["service"]))
		probe := sample.Value
		if sample.Fail != nil || probe.Fresh == nil {
			continue
		}
		fresh := *probe.Fresh
		c := explain(weightStale, h)
		c.Since = sample.At.Add(fresh.Max - fresh.Age)
		c.Summary = fmt.Sprintf("%s gives content that is %s old, %s is allowed", probe.Service, ago(fresh.Age), ago(fresh.Max))
		c.Evidence = lines(s.cacheLine())
		c.Against = lines(s.deployLine(), s.lockLine(), s.loadLine())
		if prefix := strings.TrimRight(fresh.Purge, "*"); prefix != "" {
			c.Summary += ": purge " + prefix + "*"
			c.act("cache.purge", map[string]string{"prefix": prefix})
		} else if fresh.Tag != "" {
			c.Summary += ": purge the tag " + fresh.Tag + " at the CDN (cdn.purge)"
			c.act("cdn.purge", map[string]string{"tag": fresh.Tag})
		} else {
			c.Evidence = append(c.Evidence, "no purge is configured for this probe")
		}
		out = append(out, c)
	}
	return out
}

// cacheLine tells how the cache answers.
func (s *scene) cacheLine() string {
	redis, ok := known(s, store.RedisKey())
	if !ok || redis.HitPct == nil {
		return ""
	}
	return fmt.Sprintf("cache hits %s, %d keys", number(*redis.HitPct, model.Percent), redis.Keys)
}

// host names what the machine tocsin runs on is short of.
func (s *scene) host() []candidate {
	var out []candidate
	for _, h := range s.all("host.disk.used", "host.disk.inodes", "host.disk.full_in", "host.memory", "host.cpu") {
		weight := weightHost
		switch {
		case h.Rule == "host.cpu", h.Rule == "host.disk.full_in" && h.State != Firing:
			// A busy minute passes, and so does what was written in it.
			weight = weightPassing
		case h.Rule == "host.disk.used" && h.value >= 95:
			weight = weightDiskFull
		}
		c := explain(weight, h)
		c.Summary = fmt.Sprintf("this machine%s: %s", s.hostName(), h.text())
		c.Against = lines(s.deployLine(), s.loadLine())
		out = append(out, c)
	}
	return out
}

func (s *scene) hostName() string {
	host, ok := known(s, store.HostKey())
	if !ok || host.Name == "" {
		return ""
	}
	return " (" + host.Name + ")"
}
