package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const (
	orgPath    = "/api/0/organizations/{organization_id_or_slug}/"
	orgAddress = "/api/0/organizations/acme/"
)

// organization is a Sentry whose clock a test moves; every answer is checked
// against the contract.
type organization struct {
	*testing.T
	sentry   *Sentry
	contract contract
	now      time.Time
	token    string
}

func newOrganization(t *testing.T) *organization {
	t.Helper()
	o := &organization{T: t, contract: sharedContract(t, "sentry.openapi.json"), now: time.Date(2026, 1, 1, 12, 0, 30, 0, time.UTC), token: "good"}
	o.sentry = NewSentry(SentryOptions{Org: "acme", Project: "shop", Token: "good", Now: func() time.Time { return o.now }})
	return o
}

func (o *organization) do(method, path, target, body string, want int, out any) {
	o.Helper()
	r := httptest.NewRequest(method, orgAddress+target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+o.token)
	rec := httptest.NewRecorder()
	o.sentry.ServeHTTP(rec, r)
	if rec.Code != want {
		o.Fatalf("%s %s: %d %s, want %d", method, target, rec.Code, rec.Body, want)
	}
	if path != "" {
		for _, fault := range o.contract.check(method, orgPath+path, rec.Code, rec.Body.Bytes()) {
			o.Error(fault)
		}
	}
	if out != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
			o.Fatal(err)
		}
	}
}

// fault is one error of the shop now.
func (o *organization) fault(kind, message, release string) {
	o.sentry.Fault(SentryFault{At: o.now, Type: kind, Message: message, Culprit: "POST /checkout", Release: release, Tags: map[string]string{"cache.key": "promo:active"}})
}

type listed struct {
	ID, ShortID, Count, Status, Substatus, Title string
	FirstSeen                                    time.Time
}

func (o *organization) unresolved() []listed {
	o.Helper()
	var out []listed
	o.do("GET", "issues/", "issues/?query=is:unresolved&sort=freq&statsPeriod=24h&project=shop", "", 200, &out)
	return out
}

func TestSentryKeepsTheContract(t *testing.T) {
	o := newOrganization(t)
	for n := range 3 {
		o.fault("CacheError", fmt.Sprintf("decode promo:active at %d", n), "v3")
		o.sentry.Request(o.now, time.Duration(100*(n+1))*time.Millisecond, n == 0)
	}
	o.fault("PgError", "division by zero", "v4")
	o.sentry.CheckIn("reprice", o.now, true)
	o.sentry.Sessions(o.now.Add(-time.Hour), 1000, 5)
	all := o.unresolved()
	if len(all) != 2 || all[0].ShortID != "SHOP-1" || all[0].Count != "3" || all[0].Substatus != "new" {
		t.Fatalf("issues: %+v", all)
	}
	id := all[0].ID
	var whole struct{ FirstRelease struct{ Version string } }
	o.do("GET", "issues/{issue_id}/", "issues/"+id+"/", "", 200, &whole)
	if whole.FirstRelease.Version != "v3" {
		t.Errorf("first release %q", whole.FirstRelease.Version)
	}
	o.do("GET", "issues/{issue_id}/events/{event_id}/", "issues/"+id+"/events/latest/", "", 200, nil)
	o.do("GET", "monitors/", "monitors/", "", 200, nil)
	o.do("GET", "stats_v2/", "stats_v2/?field=sum(quantity)&groupBy=outcome&groupBy=category&statsPeriod=2h&interval=1h", "", 200, nil)
	var sessions struct {
		Groups []struct{ Totals map[string]float64 }
	}
	o.do("GET", "sessions/", "sessions/?field=crash_free_rate(session)&field=sum(session)&interval=1h&statsPeriod=24h", "", 200, &sessions)
	if got := sessions.Groups[0].Totals["crash_free_rate(session)"]; got != 0.995 {
		t.Errorf("crash-free %v, want 0.995: the hour that still runs does not count", got)
	}
	var spans struct{ Data []map[string]float64 }
	o.do("GET", "events/", "events/?dataset=spans&field=count()&field=failure_rate()&field=p50(span.duration)&statsPeriod=5m", "", 200, &spans)
	if row := spans.Data[0]; row["count()"] != 3 || row["p50(span.duration)"] != 200 {
		t.Errorf("transactions: %v", row)
	}
}

func TestSentryMinutes(t *testing.T) {
	o := newOrganization(t)
	o.fault("CacheError", "x", "v3")
	o.now = o.now.Add(time.Minute)
	o.fault("PgError", "y", "v3")
	for target, want := range map[string]int{
		"events-timeseries/?dataset=errors&yAxis=count()&interval=60&statsPeriod=1h":                           1,
		"events-timeseries/?dataset=errors&yAxis=count()&interval=60&statsPeriod=1h&topEvents=5&groupBy=issue": 2,
	} {
		var got struct {
			TimeSeries []struct {
				Values []struct {
					Value      float64
					Incomplete bool
				}
			}
		}
		o.do("GET", "events-timeseries/", target, "", 200, &got)
		if len(got.TimeSeries) != want {
			t.Fatalf("%s: %d series, want %d", target, len(got.TimeSeries), want)
		}
		values := got.TimeSeries[0].Values
		if last := values[len(values)-1]; !last.Incomplete || values[len(values)-2].Value != 1 {
			t.Errorf("%s: newest %+v, before it %+v", target, last, values[len(values)-2])
		}
	}
}

func TestSentryTriage(t *testing.T) {
	o := newOrganization(t)
	o.fault("CacheError", "x", "v3")
	id := o.unresolved()[0].ID
	put := func(body string) { o.do("PUT", "", "issues/"+id+"/", body, 200, nil) }
	state := func() string {
		var i struct{ Status, Substatus string }
		o.do("GET", "issues/{issue_id}/", "issues/"+id+"/", "", 200, &i)
		return i.Status + " " + i.Substatus
	}
	put(`{"status":"resolved"}`)
	if n := len(o.unresolved()); n != 0 || state() != "resolved " {
		t.Errorf("%d unresolved, %s", n, state())
	}
	o.fault("CacheError", "x", "v3")
	if got := state(); got != "unresolved regressed" {
		t.Errorf("after another event: %s", got)
	}
	put(`{"status":"ignored","statusDetails":{"ignoreDuration":60}}`)
	o.fault("CacheError", "x", "v3")
	if got := state(); !strings.HasPrefix(got, "ignored") {
		t.Errorf("an event within the silence: %s", got)
	}
	o.now = o.now.Add(61 * time.Minute)
	if got := state(); got != "unresolved ongoing" {
		t.Errorf("after the silence: %s", got)
	}
	put(`{"assignedTo":"user:7"}`)
	var i struct{ AssignedTo struct{ Type, ID string } }
	o.do("GET", "issues/{issue_id}/", "issues/"+id+"/", "", 200, &i)
	if i.AssignedTo.Type != "user" || i.AssignedTo.ID != "7" {
		t.Errorf("assigned to %+v", i.AssignedTo)
	}
	o.do("PUT", "", "issues/"+id+"/", `{"status":"mended"}`, 400, nil)
	o.do("PUT", "", "issues/1/", `{"status":"resolved"}`, 404, nil)
	o.token = "bad"
	o.do("GET", "", "issues/", "", http.StatusUnauthorized, nil)
}
