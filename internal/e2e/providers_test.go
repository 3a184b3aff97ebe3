package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tocsin/internal/local"
)

// TestProviders does by keys what can be done at the providers around the shop,
// and then asks the providers and the shop whether it is so. All parts share
// one world and have a dashboard each; none looks at what another changes.
func TestProviders(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	w.protects("192.0.2.0/24")
	for _, part := range []struct {
		name string
		run  func(*incident)
	}{
		{"site", siteByKeys},
		{"issues", issuesByKeys},
		{"firewall", firewallByKeys},
		{"managed database", managedByKeys},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.run(w.within(t).desk(t))
		})
	}
}

// protects puts networks on the list of those that are never shut out.
func (w *world) protects(networks ...string) {
	w.t.Helper()
	var file map[string]any
	must(w.t, yaml.Unmarshal([]byte(read(w.t, w.config)), &file))
	demo, _ := file["targets"].(map[string]any)["demo"].(map[string]any)
	demo["vercel"].(map[string]any)["protected"] = networks
	text, err := yaml.Marshal(file)
	must(w.t, err)
	w.config = filepath.Join(w.t.(*testing.T).TempDir(), "tocsin.yaml")
	must(w.t, os.WriteFile(w.config, text, 0o600))
}

// desk is an armed dashboard.
func (w *world) desk(t *testing.T) *incident {
	t.Helper()
	in := &incident{world: w, t: t, screen: w.dashboard(160, 48)}
	in.screen.WaitFor(firstFrame, limit)
	in.screen.Keys("W")
	in.screen.WaitFor("type demo to allow changes", limit)
	in.screen.Keys("demo\r")
	in.screen.WaitFor("ARMED", limit)
	return in
}

// calls orders an action by its name, answers what it asks for, and waits for a
// card, or a refusal, that says this. It returns the text of the card.
func (in *incident) calls(action, says string, answers ...string) (card string) {
	in.t.Helper()
	in.screen.Keys(":")
	in.screen.WaitFor("┌─ palette", limit)
	in.screen.Keys(action + "\r")
	for _, answer := range answers {
		in.screen.WaitFor("Enter takes it", limit)
		in.screen.Keys(answer + "\r")
	}
	pattern := regexp.MustCompile(says)
	in.screen.WaitUntil("the card "+says, limit, func(screen string) bool {
		card = cardText(screen)
		return pattern.MatchString(card)
	})
	return card
}

// does answers the card that is open, follows it to its end and closes it.
func (in *incident) does(outcome string) {
	in.t.Helper()
	in.confirm(outcome)
	in.closes()
}

// closes takes the card away.
func (in *incident) closes() {
	in.t.Helper()
	in.screen.Keys("\x1b")
	in.screen.WaitUntil("the card to go", limit, func(screen string) bool { return cardText(screen) == "" })
}

// selects goes to a view, or a tab of it, and to the first row with a text.
func (in *incident) selects(keys, heading, filter string) {
	in.t.Helper()
	in.screen.Keys(keys)
	in.screen.WaitFor(heading, limit)
	in.screen.Keys("/" + filter)
	in.screen.WaitFor(" /"+filter, limit)
	in.screen.Keys("\r")
	in.listed(filter)
}

// listed waits for a row of the view.
func (in *incident) listed(row string) {
	in.t.Helper()
	in.screen.WaitUntil("a row "+row, limit, func(screen string) bool { return lists(screen, row) })
}

// lists tells whether a row of the view has a text, of which its frame may tell too.
func lists(screen, text string) bool {
	return slices.ContainsFunc(strings.Split(screen, "\n"), func(line string) bool {
		return strings.HasPrefix(line, "│") && strings.Contains(line, text) && !strings.Contains(line, "nothing matches")
	})
}

// provider asks one of the providers itself.
func (in *incident) provider(method, url, tokenFile string, into any) {
	in.t.Helper()
	code, text := fetch(in.t, method, url, read(in.t, tokenFile))
	if code/100 != 2 {
		in.t.Fatalf("%s %s: %d %s", method, url, code, text)
	}
	must(in.t, json.Unmarshal(text, into))
}

// recordOf is what the audit has of an action: "intent,result ok".
func (in *incident) recordOf(action string) string {
	in.t.Helper()
	var own []string
	for _, line := range strings.Split(in.audit(), ",") {
		if rest, ok := strings.CutPrefix(line, action+" "); ok && !strings.HasPrefix(rest, "effect") {
			own = append(own, rest)
		}
	}
	return strings.Join(own, ",")
}

// recordedAs checks what the audit has of an action.
func (in *incident) recordedAs(action, want string) {
	in.t.Helper()
	if got := in.recordOf(action); got != want {
		in.t.Errorf("audit of %s: %q, want %q", action, got, want)
	}
}

func siteByKeys(in *incident) {
	in.cancelsBuild()
	in.deletesFromCDN()
}

// cancelsBuild ends a build that would go live within minutes.
func (in *incident) cancelsBuild() {
	in.t.Helper()
	was := in.state()
	in.post("/build/slow")
	in.screen.Keys("5")
	queued := regexp.MustCompile(`(?m)^│ +(v\d+) .*queued`)
	in.screen.WaitUntil("the queued build", limit, queued.MatchString)
	name := queued.FindStringSubmatch(in.screen.Screen())[1]
	in.selects("5", "Deployments", name)
	in.calls("deploy.cancel", `ends `+name+`.*will not change what production serves`)
	in.does("the build is cancelled")
	var list struct {
		Deployments []struct{ UID, ReadyState string }
	}
	in.provider(http.MethodGet, in.target.Vercel.BaseURL+"/v7/deployments?slug=acme&projectId=shop&limit=1", in.target.Vercel.Token.File, &list)
	if len(list.Deployments) != 1 || list.Deployments[0].ReadyState != "CANCELED" {
		in.t.Errorf("the provider has %+v, want the newest cancelled", list.Deployments)
	}
	if now := in.state(); now.Build != was.Build || now.Deployment != was.Deployment {
		in.t.Errorf("the shop serves %s, was %s", now.Build, was.Build)
	}
	in.recordedAs("deploy.cancel", "intent,result ok")
}

// deletesFromCDN lets the next visitor wait for a page that is made anew: nobody
// gets the old one any more.
func (in *incident) deletesFromCDN() {
	in.t.Helper()
	const from = "198.51.100.9"
	in.until("the page to be kept", func() bool {
		_, how, _ := in.visit("/offers", from)
		return how == "HIT"
	})
	_, _, before := in.visit("/offers", from)
	in.calls("cdn.delete", `all wait until each page is made anew.*type offers to delete it`, "offers")
	in.screen.Keys("\r")
	in.screen.WaitFor("that is not offers", limit)
	in.does("Vercel took it")
	code, how, after := in.visit("/offers", from)
	if code != http.StatusOK || how == "STALE" || updatedAt(in.t, after) == updatedAt(in.t, before) {
		in.t.Errorf("after the deletion: %d %s, made at %s as before", code, how, updatedAt(in.t, after))
	}
	in.recordedAs("cdn.delete", "intent,result ok")
}

// isRefusedABlock asks for what would shut out friends, or half the world:
// nothing of it reaches the provider.
func (in *incident) isRefusedABlock() {
	in.t.Helper()
	before := in.firewall()
	for network, why := range map[string]string{
		"192.0.2.10":   `192\.0\.2\.10 is protected by the configuration \(192\.0\.2\.0/24\)`,
		"192.0.2.0/25": `192\.0\.2\.0/25 is protected by the configuration`,
		"203.0.0.0/16": `203\.0\.0\.0/16 is too wide: /24 is the most for IPv4`,
		"10.1.2.3":     `10\.1\.2\.3 is not an address of the internet`,
	} {
		in.calls("firewall.block", "outcome.*"+why, network, "10m")
		in.closes()
	}
	if after := in.firewall(); after != before {
		in.t.Errorf("the firewall has version %d, had %d: something was sent", after, before)
	}
	in.recordedAs("firewall.block", "result refused,result refused,result refused,result refused")
}

// firewall is the version of the firewall at the provider: every change of it
// makes another.
func (in *incident) firewall() int {
	in.t.Helper()
	var answer struct{ Active struct{ Version int } }
	in.provider(http.MethodGet, in.target.Vercel.BaseURL+"/v1/security/firewall/config?slug=acme&projectId=prj_shop", in.target.Vercel.Token.File, &answer)
	return answer.Active.Version
}

// issue is an issue as Sentry has it.
type issue struct {
	Status        string
	StatusDetails struct{ IgnoreUntil time.Time }
	AssignedTo    *struct{ Type, ID string }
}

// issuesByKeys gives the old issue of the shop to somebody, silences it for a
// while, opens it again and takes it as mended.
func issuesByKeys(in *incident) {
	in.selects("6]", "first seen in release", "SHOP-1")
	look := func() (i issue) {
		in.t.Helper()
		in.provider(http.MethodGet, in.target.Sentry.BaseURL+"/api/0/organizations/"+in.target.Sentry.Org+"/issues/4100000001/", in.target.Sentry.Token.File, &i)
		return i
	}
	in.calls("error.assign", `"assignedTo":"user:7"`, "user:7")
	in.does("SHOP-1 belongs to ")
	if got := look().AssignedTo; got == nil || got.Type != "user" || got.ID != "7" {
		in.t.Errorf("Sentry has it belong to %+v, want user 7", got)
	}
	began := time.Now()
	in.calls("error.ignore", `"ignoreDuration":30.*Sentry opens it again by itself`, "30m")
	in.does(`SHOP-1 is ignored until \d\d:\d\dZ`)
	got := look()
	if ends := got.StatusDetails.IgnoreUntil.Sub(began); got.Status != "ignored" || ends < 29*time.Minute || ends > 30*time.Minute+limit {
		in.t.Errorf("Sentry has %+v, want it ignored for 30 minutes", got)
	}
	in.screen.Keys("u")
	in.screen.WaitFor("Open issue again", limit)
	in.does("SHOP-1 is unresolved")
	if got := look().Status; got != "unresolved" {
		in.t.Errorf("Sentry has it %s after the undo", got)
	}
	in.screen.Keys("6]") // the tab keeps what it is filtered by
	in.listed("SHOP-1")
	in.calls("error.resolve", `its next event opens it again`)
	in.does("SHOP-1 is resolved")
	if got := look().Status; got != "resolved" {
		in.t.Errorf("Sentry has it %s, want resolved", got)
	}
	in.screen.WaitUntil("the list without it", limit, func(screen string) bool { return !lists(screen, "SHOP-1") })
	for _, action := range []string{"error.assign", "error.ignore", "error.unresolve", "error.resolve"} {
		in.recordedAs(action, "intent,result ok")
	}
}

func firewallByKeys(in *incident) {
	in.isRefusedABlock()
	in.blocksForAWhile()
}

// blocksForAWhile shuts two addresses out for seconds and leaves. One is let in
// again by the process that waits for it. The process of the other is killed: an
// open dashboard tells of it and lets it in on one key.
func (in *incident) blocksForAWhile() {
	in.t.Helper()
	const kept, forgotten = "203.0.113.7", "203.0.113.8"
	for _, block := range [][2]string{{kept, "20s"}, {forgotten, "8s"}} {
		in.calls("firewall.block", `deny every request from `+regexp.QuoteMeta(block[0])+`.*ends by itself`, block[0], block[1])
		in.does("kept out for " + block[1])
	}
	in.kills(forgotten)
	in.screen.Keys("q")
	in.screen.Wait(endsWithin)
	for _, address := range []string{kept, forgotten} {
		if code, how, _ := in.visit("/", address); code != http.StatusForbidden || how != "deny" {
			in.t.Errorf("from %s while it is shut out: %d %s", address, code, how)
		}
	}
	in.until("the address to be let in", func() bool {
		code, _, _ := in.visit("/", kept)
		return code == http.StatusOK
	})
	in.until("its record", func() bool { return in.recordOf("firewall.unblock") == "intent,result ok" })
	if code, _, _ := in.visit("/", forgotten); code != http.StatusForbidden {
		in.t.Errorf("from %s, which nobody let in: %d", forgotten, code)
	}
	again := &incident{world: in.world, t: in.t, screen: in.dashboard(160, 48)}
	again.screen.WaitUntil("what is overdue", 2*limit, func(screen string) bool {
		return strings.Contains(screen, "overdue for ") && strings.Contains(screen, "firewall.unblock "+forgotten) && strings.Contains(screen, "O let it in")
	})
	if code, _, _ := in.visit("/", forgotten); code != http.StatusForbidden {
		in.t.Errorf("from %s, of which a dashboard tells: %d", forgotten, code)
	}
	again.screen.Keys("O")
	again.screen.WaitFor("type demo to arm", limit)
	again.screen.Keys("demo\r")
	again.does("let in again")
	if code, how, _ := in.visit("/", forgotten); code != http.StatusOK {
		in.t.Errorf("from %s after it was let in: %d %s", forgotten, code, how)
	}
	again.screen.WaitUntil("nothing overdue", limit, func(screen string) bool { return !strings.Contains(screen, "overdue for ") })
	if list, code := in.command("expire"); code != 0 || strings.Contains(list, "203.0.113.") {
		in.t.Errorf("what is left to be taken back: code %d: %s", code, list)
	}
}

// kills ends the process that waits to keep the promise about an address.
func (in *incident) kills(address string) {
	in.t.Helper()
	text, code := in.command("expire", "-o", "json")
	var list struct{ Promises []struct{ ID, Target string } }
	if err := json.Unmarshal([]byte(text), &list); err != nil || code != 0 {
		in.t.Fatalf("expire: %v, code %d: %s", err, code, text)
	}
	for _, promise := range list.Promises {
		for _, pid := range local.Children(in.screen.PID()) {
			command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if promise.Target == address && err == nil && strings.Contains(string(command), promise.ID) {
				must(in.t, syscall.Kill(pid, syscall.SIGKILL))
				return
			}
		}
	}
	in.t.Fatalf("nobody waits to take back what was done to %s: %s", address, text)
}
