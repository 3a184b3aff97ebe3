package provider

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// common are the fields that every form of an issue has. The caller holds mu.
func (s *Sentry) common(i *issue) map[string]any {
	var substatus, assigned any
	if i.substatus != "" {
		substatus = i.substatus
	}
	if i.assignee != "" {
		kind, id, _ := strings.Cut(i.assignee, ":")
		if id == "" {
			kind, id = "user", i.assignee
		}
		assigned = map[string]any{"type": kind, "id": id, "name": id}
	}
	details := map[string]any{}
	if !i.ignoredUntil.IsZero() {
		details["ignoreUntil"] = sentryStamp(i.ignoredUntil)
	}
	return map[string]any{
		"id": i.id(), "shareId": nil, "shortId": s.shortID(i), "title": i.title, "culprit": i.culprit,
		"permalink": fmt.Sprintf("https://%s.sentry.example/issues/%s/", s.opts.Org, i.id()), "logger": nil, "level": "error",
		"status": i.status, "statusDetails": details, "substatus": substatus, "isPublic": false, "platform": "go",
		"priority": "high", "priorityLockedAt": nil, "seerFixabilityScore": nil, "seerAutofixLastTriggered": nil,
		"seerExplorerAutofixLastTriggered": nil, "project": map[string]any{"id": "1", "name": s.opts.Project, "slug": s.opts.Project, "platform": "go"},
		"type": "error", "issueType": "error", "issueCategory": "error", "metadata": map[string]any{"title": i.title}, "numComments": 0,
		"assignedTo": assigned, "isBookmarked": false, "isSubscribed": false, "subscriptionDetails": nil, "hasSeen": false, "annotations": []any{},
	}
}

// listedIssue is an issue as a list has it.
func (s *Sentry) listedIssue(i *issue, since time.Time) map[string]any {
	out := s.common(i)
	maps.Copy(out, map[string]any{
		"isUnhandled": true, "count": fmt.Sprint(i.count(since)), "userCount": 0, "firstSeen": sentryStamp(i.first), "lastSeen": sentryStamp(i.last),
		"derivedData": map[string]any{
			"blocker": "", "hasOpenFixPr": false, "hasRootCause": false, "isAssigned": i.assignee != "", "lastCompletedAutofixStep": "",
			"lastProgressedAt": nil, "progress": "", "status": i.status, "viewCount": 0,
		},
		"stats": map[string]any{}, "lifetime": map[string]any{}, "sessionCount": 0,
		"filtered": map[string]any{"count": fmt.Sprint(i.count(since)), "userCount": 0, "firstSeen": sentryStamp(i.first), "lastSeen": sentryStamp(i.last), "stats": map[string]any{}},
		"inbox":    map[string]any{"reason": 0, "reason_details": map[string]any{"until": nil, "count": nil, "window": nil, "user_count": nil, "user_window": nil}, "date_added": sentryStamp(i.first)},
		"owners":   map[string]any{"type": "codeowners", "owner": "team:1", "date_added": sentryStamp(i.first)}, "integrationIssues": []any{}, "sentryAppIssues": []any{}, "latestEventHasAttachments": false,
		"matchingEventId": "", "matchingEventEnvironment": "",
	})
	return out
}

// wholeIssue is an issue by itself.
func (s *Sentry) wholeIssue(i *issue) map[string]any {
	out := s.common(i)
	maps.Copy(out, map[string]any{
		"isUnhandled": true, "count": fmt.Sprint(i.count(time.Time{})), "userCount": 0, "firstSeen": sentryStamp(i.first), "lastSeen": sentryStamp(i.last),
		"firstRelease": map[string]any{"version": i.firstRelease, "shortVersion": i.firstRelease},
		"lastRelease":  map[string]any{"version": i.latest.Release, "shortVersion": i.latest.Release},
		"activity":     []any{}, "seenBy": []any{}, "participants": []any{}, "userReportCount": 0,
	})
	return out
}

// changedIssue is the answer to a change.
func (s *Sentry) changedIssue(i *issue) map[string]any { return s.common(i) }

// event is the newest event of an issue.
func (s *Sentry) event(i *issue) map[string]any {
	f := i.latest
	tags := []any{tag("environment", "production"), tag("release", f.Release)}
	for _, name := range slices.Sorted(maps.Keys(f.Tags)) {
		tags = append(tags, tag(name, f.Tags[name]))
	}
	frame := func(function string, line int) map[string]any {
		return map[string]any{"function": function, "module": "shop", "filename": "shop/http.go", "lineNo": line, "inApp": true}
	}
	id := fmt.Sprintf("%032x", f.At.UnixNano())
	return map[string]any{
		"id": id, "eventID": id, "groupID": i.id(), "projectID": "1", "message": "", "title": i.title, "location": "shop/http.go",
		"culprit": i.culprit, "platform": "go", "type": "error", "dateCreated": sentryStamp(f.At), "dateReceived": sentryStamp(f.At), "tags": tags,
		"entries": []any{map[string]any{"type": "exception", "data": map[string]any{"values": []any{map[string]any{
			"type": f.Type, "value": f.Message, "stacktrace": map[string]any{"frames": []any{frame("(*Shop).handle", 29), frame(handlerOf(i.culprit), 99)}},
		}}}}},
		"release": map[string]any{"version": f.Release, "dateCreated": sentryStamp(i.first)},
		"user":    nil, "contexts": map[string]any{}, "context": map[string]any{}, "dist": nil, "errors": []any{}, "metadata": map[string]any{},
		"_meta": map[string]any{}, "occurrence": nil, "packages": map[string]any{}, "sdk": nil, "sdkUpdates": []any{}, "size": 2048,
		"resolvedWith": []any{}, "nextEventID": nil, "previousEventID": nil, "userReport": nil,
	}
}

func tag(key, value string) map[string]any { return map[string]any{"key": key, "value": value} }

// handlerOf is the function that serves a route.
func handlerOf(culprit string) string {
	switch {
	case strings.Contains(culprit, "checkout"):
		return "(*Shop).checkout"
	case strings.Contains(culprit, "product"):
		return "(*Shop).productPage"
	}
	return "(*Shop).frontPage"
}

// series is the answer about groups of issues by minute; the group "" is not
// told by name. The newest minute still grows.
func (s *Sentry) series(since time.Time, groups map[string][]*issue) map[string]any {
	now := s.opts.Now()
	out := []any{}
	for order, name := range slices.Sorted(maps.Keys(groups)) {
		values := []any{}
		for m := minute(since) + 1; m <= minute(now); m++ {
			n := 0
			for _, i := range groups[name] {
				n += i.minutes[m]
			}
			values = append(values, map[string]any{"timestamp": m * 60_000, "value": n, "incomplete": m == minute(now)})
		}
		one := map[string]any{"values": values, "yAxis": "count()", "meta": map[string]any{"interval": 60_000, "valueType": "integer", "valueUnit": nil, "order": order}}
		if name != "" {
			one["groupBy"] = []any{map[string]any{"key": "issue", "value": name}}
		}
		out = append(out, one)
	}
	return map[string]any{"timeSeries": out, "meta": map[string]any{"dataset": "errors", "start": since.UnixMilli(), "end": now.UnixMilli()}}
}

// cronEvery is how often each job should check in.
const cronEvery = time.Minute

// monitors lists the jobs that check in.
func (s *Sentry) monitors(w http.ResponseWriter, _ *http.Request) {
	out := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.crons)) {
		out = append(out, s.monitor(name, *s.crons[name]))
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Sentry) monitor(name string, c cron) map[string]any {
	status, now := "ok", s.opts.Now()
	switch {
	case c.failed:
		status = "error"
	case now.Sub(c.last) > 2*cronEvery:
		status = "missed_checkin"
	}
	next := c.last.Add(cronEvery)
	return map[string]any{
		"id": "mon-" + name, "slug": name, "name": name, "status": "active", "isMuted": false, "isUpserting": false, "dateCreated": sentryStamp(now),
		"owner": map[string]any{"type": "team", "id": "1", "name": "shop"},
		"config": map[string]any{
			"schedule_type": "crontab", "schedule": "* * * * *", "checkin_margin": 1, "max_runtime": 1, "timezone": "UTC",
			"failure_issue_threshold": 1, "recovery_threshold": 1, "alert_rule_id": nil,
		},
		"project": s.projectBody(),
		"environments": map[string]any{
			"name": "production", "status": status, "isMuted": false, "dateCreated": sentryStamp(now), "lastCheckIn": sentryStamp(c.last),
			"nextCheckIn": sentryStamp(next), "nextCheckInLatest": sentryStamp(next.Add(time.Minute)), "activeIncident": nil,
		},
	}
}

// projectBody is the only project with all that the contract wants of it.
func (s *Sentry) projectBody() map[string]any {
	out := map[string]any{
		"id": "1", "slug": s.opts.Project, "name": s.opts.Project, "platform": "go", "dateCreated": sentryStamp(s.opts.Now()), "status": "active",
		"access": []any{}, "features": []any{}, "firstEvent": nil, "color": "#3f51b5", "avatar": map[string]any{"avatarType": "letter_avatar"},
	}
	for _, flag := range []string{
		"isBookmarked", "isMember", "firstTransactionEvent", "hasAccess", "hasFeedbacks", "hasFlags", "hasMinifiedStackTrace", "hasMonitors",
		"hasNewFeedbacks", "hasProfiles", "hasReplays", "hasSessions", "hasInsightsHttp", "hasInsightsDb", "hasInsightsAssets", "hasInsightsAppStart",
		"hasInsightsScreenLoad", "hasInsightsVitals", "hasInsightsCaches", "hasInsightsQueues", "hasInsightsAgentMonitoring", "hasInsightsMCP",
		"hasLogs", "hasTraceMetrics", "isInternal", "isPublic",
	} {
		out[flag] = false
	}
	return out
}
