package collectors

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/sentry"
)

const (
	// issuesListed is how many issues are read: those with the most events.
	issuesListed = 50
	// issuesByMinute is how many of them are followed minute by minute.
	issuesByMinute = 10
	// issuesPeriod is over what they are counted.
	issuesPeriod = 24 * time.Hour
	// minutesPeriod is how far back the minutes go.
	minutesPeriod = time.Hour
	// detailsAtOnce bounds the calls for single issues within one reading; what
	// is missing comes with the next ones.
	detailsAtOnce = 3
	// framesKept is how much of a stack is kept.
	framesKept = 12
)

// SentryIssues reads the unresolved issues with the most events.
// Source: Sentry, two requests, and up to six for issues that are new or have
// a newer event.
type SentryIssues struct {
	client *sentry.Client
	redact model.Redactor
	now    func() time.Time
	known  map[string]issueDetail // by id; only issues that are listed
}

// issueDetail is what a list does not tell of an issue.
type issueDetail struct {
	firstRelease *string
	latest       *model.SentryEvent
	seen         time.Time // LastSeen of the issue when latest was read
}

// NewSentryIssues makes the source.
func NewSentryIssues(client *sentry.Client) *SentryIssues {
	return &SentryIssues{client: client, redact: model.NewRedactor(), now: time.Now, known: map[string]issueDetail{}}
}

// Collect reads the list, and then what it lacks. The list alone is enough.
func (s *SentryIssues) Collect(ctx context.Context) (model.SentryIssues, error) {
	issues, more, err := s.client.Unresolved(ctx, issuesPeriod, issuesListed)
	if err != nil {
		return model.SentryIssues{}, fmt.Errorf("list issues: %w", err)
	}
	out := model.SentryIssues{Org: s.client.Org(), More: more}
	var hidden []string
	minutes, err := s.client.ErrorsByIssue(ctx, minutesPeriod, issuesByMinute)
	if err != nil {
		hidden = append(hidden, "events by minute: "+err.Error())
	}
	if lost := s.learn(ctx, issues); lost != nil {
		hidden = append(hidden, "details: "+lost.Error())
	}
	for _, i := range issues {
		row := s.row(i)
		row.Minutes = minutesOf(minutes, i)
		if row.Minutes == nil && err == nil && len(minutes) < issuesByMinute {
			row.Minutes = s.quiet() // all that have events are listed
		}
		if len(row.Minutes) > 0 && (out.From.IsZero() || row.Minutes[0].At.Before(out.From)) {
			out.From = row.Minutes[0].At
		}
		out.Rows = append(out.Rows, row)
	}
	out.Hidden = strings.Join(hidden, "; ")
	if b, ok := s.client.Budget(); ok {
		out.Calls = &b
	}
	return out, nil
}

// minutesOf finds the minutes of an issue by what Sentry calls it there.
func minutesOf(all map[string][]sentry.Bucket, i sentry.Issue) []model.Minute {
	buckets, ok := all[i.ShortID]
	if !ok {
		buckets = all[i.ID]
	}
	return minutes(buckets)
}

// quiet are the whole minutes of an issue without events.
func (s *SentryIssues) quiet() []model.Minute {
	last := s.now().Truncate(time.Minute).UTC()
	var out []model.Minute
	for at := last.Add(-minutesPeriod + time.Minute); at.Before(last); at = at.Add(time.Minute) {
		out = append(out, model.Minute{At: at})
	}
	return out
}

func minutes(buckets []sentry.Bucket) []model.Minute {
	var out []model.Minute
	for _, b := range buckets {
		out = append(out, model.Minute{At: b.At, N: b.N})
	}
	return out
}

// learn reads what the list lacks of a few issues: those that nothing is known
// of before those that have a newer event, and forgets issues that are gone.
func (s *SentryIssues) learn(ctx context.Context, issues []sentry.Issue) error {
	known := map[string]issueDetail{}
	for _, i := range issues {
		if d, ok := s.known[i.ID]; ok {
			known[i.ID] = d
		}
	}
	s.known = known
	calls := 0
	for _, i := range s.unread(issues) {
		if calls++; calls > detailsAtOnce {
			return nil
		}
		if err := s.read(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// unread lists the issues that lack something, the newest first.
func (s *SentryIssues) unread(issues []sentry.Issue) []sentry.Issue {
	var out []sentry.Issue
	for _, i := range issues {
		if d := s.known[i.ID]; d.firstRelease == nil || d.latest == nil {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b sentry.Issue) int { return b.FirstSeen.Compare(a.FirstSeen) })
	var old []sentry.Issue
	for _, i := range issues {
		if d := s.known[i.ID]; d.firstRelease != nil && d.latest != nil && i.LastSeen.Sub(d.seen) > time.Minute {
			old = append(old, i)
		}
	}
	slices.SortStableFunc(old, func(a, b sentry.Issue) int { return s.known[a.ID].seen.Compare(s.known[b.ID].seen) })
	return append(out, old...)
}

// read fetches what is missing of one issue.
func (s *SentryIssues) read(ctx context.Context, i sentry.Issue) error {
	d := s.known[i.ID]
	if d.firstRelease == nil {
		whole, err := s.client.Issue(ctx, i.ID)
		if err != nil {
			return err
		}
		d.firstRelease = &whole.FirstRelease
		s.known[i.ID] = d
	}
	event, err := s.client.Latest(ctx, i.ID)
	if err != nil {
		return err
	}
	d.latest, d.seen = s.event(event), i.LastSeen
	s.known[i.ID] = d
	return nil
}

func (s *SentryIssues) row(i sentry.Issue) model.SentryIssue {
	d := s.known[i.ID]
	return model.SentryIssue{
		ID: i.ID, ShortID: i.ShortID, Title: s.redact.Text(i.Title), Culprit: s.redact.Text(i.Culprit), Level: i.Level,
		Substatus: i.Substatus, Project: i.Project, Link: i.Link, Count: i.Count, Users: i.Users,
		FirstSeen: i.FirstSeen, LastSeen: i.LastSeen, Assignee: i.Assignee.Name,
		FirstRelease: d.firstRelease, Latest: d.latest,
	}
}

func (s *SentryIssues) event(e sentry.Event) *model.SentryEvent {
	out := &model.SentryEvent{At: e.At, Message: s.redact.Text(e.Message), Release: e.Release, Environment: e.Environment}
	for _, f := range e.Frames[:min(len(e.Frames), framesKept)] {
		out.Frames = append(out.Frames, frameText(f))
	}
	for _, t := range e.Tags {
		if !personalTag(t.Key) {
			out.Tags = append(out.Tags, model.SentryTag{Key: t.Key, Value: s.redact.Text(t.Value)})
		}
	}
	return out
}

// personalTag tells whether a tag is about the user and not about the error.
func personalTag(key string) bool {
	for _, about := range []string{"user", "email", "ip", "client", "geo", "session", "account", "customer"} {
		if name, _, _ := strings.Cut(key, "."); strings.HasPrefix(strings.ToLower(name), about) {
			return true
		}
	}
	return false
}

// frameText is one call of a stack in one line.
func frameText(f sentry.Frame) string {
	text := f.Function
	if f.Module != "" {
		text = f.Module + "." + f.Function
	}
	if f.File != "" {
		text += "  " + f.File
		if f.Line > 0 {
			text += fmt.Sprintf(":%d", f.Line)
		}
	}
	return strings.TrimSpace(text)
}
