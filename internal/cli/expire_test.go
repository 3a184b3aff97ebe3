package cli

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/audit"
	"tocsin/internal/demo/provider"
	"tocsin/internal/expire"
	"tocsin/internal/vercel"
)

// fence is a project at a pretended Vercel that keeps an address out, and the
// configuration for it.
type fence struct {
	config, state string
	vercel        *provider.Vercel
	client        *vercel.Client
	folder        expire.Folder
}

const shutOut = "203.0.113.7"

func newFence(t *testing.T) fence {
	t.Helper()
	f := fence{vercel: provider.NewVercel(provider.VercelOptions{Project: "shop", Token: "s3cret"})}
	t.Cleanup(f.vercel.Close)
	server := httptest.NewServer(http.Handler(f.vercel))
	t.Cleanup(server.Close)
	t.Setenv("TOCSIN_TEST_TOKEN", "s3cret")
	f.config, f.state = configFile(t, "vercel: {project: shop, base_url: \""+server.URL+"\", token: {env: TOCSIN_TEST_TOKEN}}")
	f.folder = expire.Folder{Dir: filepath.Join(f.state, "demo", "expire")}
	if err := os.MkdirAll(f.folder.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f.client = vercel.New(vercel.Options{Base: server.URL, Project: "shop", Token: "s3cret"})
	t.Cleanup(f.client.Close)
	return f
}

// block keeps the address out, as a call of this id has promised to end.
func (f fence) block(t *testing.T, id string, due time.Time) {
	t.Helper()
	if err := f.client.Block(t.Context(), "prj_shop", shutOut, "tocsin "+id+" until soon"); err != nil {
		t.Fatal(err)
	}
	err := f.folder.Put(expire.Promise{
		ID: id, Server: "demo", Action: "firewall.unblock", Args: map[string]string{"ip": shutOut, "call": id}, Target: shutOut, Due: due, By: "ana",
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f fence) in() bool { return f.vercel.Judge(netip.MustParseAddr(shutOut), false) == provider.Pass }

// left are the promises that are still there.
func (f fence) left(t *testing.T) int {
	t.Helper()
	list, err := f.folder.List()
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func (f fence) words(t *testing.T) []string {
	t.Helper()
	entries, err := audit.List(f.state)
	if err != nil {
		t.Fatal(err)
	}
	return phases(entries)
}

func TestExpireTakesBack(t *testing.T) {
	f := newFence(t)
	f.block(t, "PROMISE1", time.Now().Add(300*time.Millisecond))
	if f.in() {
		t.Fatal("the address is let in")
	}
	got := run("--config", f.config, "expire", "PROMISE1")
	if got.code != exitOK || !strings.Contains(got.out, "PROMISE1: let in again") || !f.in() || f.left(t) != 0 {
		t.Errorf("%+v, in %v, %d promises left", got, f.in(), f.left(t))
	}
	if diff := cmp.Diff([]string{"intent", "result ok"}, f.words(t)); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	entries, _ := audit.List(f.state)
	if e := entries[0]; e.Action != "firewall.unblock" || e.Reason != "the time of PROMISE1 is up" {
		t.Errorf("intent %+v", e)
	}
	again := run("--config", f.config, "expire", "PROMISE1")
	if again.code != exitOK || !strings.Contains(again.out, "it was taken back already") {
		t.Errorf("once more: %+v", again)
	}
}

// Several processes that wait for one promise take it back once.
func TestExpireTwice(t *testing.T) {
	f := newFence(t)
	f.block(t, "PROMISE1", time.Now())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got := run("--config", f.config, "expire", "PROMISE1"); got.code != exitOK {
				t.Errorf("%+v", got)
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff([]string{"intent", "result ok"}, f.words(t)); diff != "" || !f.in() {
		t.Errorf("in: %v, audit (-want +got):\n%s", f.in(), diff)
	}
}

// What was taken back by hand is recorded as such, and forgotten.
func TestExpireOfWhatIsOver(t *testing.T) {
	f := newFence(t)
	f.block(t, "PROMISE1", time.Now())
	if err := f.client.Unblock(t.Context(), "prj_shop", "ip_1"); err != nil {
		t.Fatal(err)
	}
	got := run("--config", f.config, "expire", "PROMISE1")
	if got.code != exitOK || f.left(t) != 0 {
		t.Errorf("%+v, %d promises left", got, f.left(t))
	}
	if diff := cmp.Diff([]string{"result refused"}, f.words(t)); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}

// Taking it back by hand, with do, keeps the promise too.
func TestUnblockKeepsThePromise(t *testing.T) {
	f := newFence(t)
	f.block(t, "PROMISE1", time.Now().Add(time.Hour))
	got := run("--config", f.config, "do", "firewall.unblock", "ip="+shutOut, "--yes="+shutOut)
	if got.code != exitOK || f.left(t) != 0 || !f.in() {
		t.Errorf("%+v, %d promises left", got, f.left(t))
	}
}

func TestExpireRefusals(t *testing.T) {
	f := newFence(t)
	f.block(t, "PROMISE1", time.Now())
	if got := run("--config", f.config, "--readonly", "expire", "PROMISE1"); got.code != exitFailed || f.in() || f.left(t) != 1 {
		t.Errorf("read-only: %+v", got)
	}
	for _, id := range []string{"OTHER", "../../audit", ""} {
		if got := run("--config", f.config, "expire", id); got.code != exitOK || f.in() {
			t.Errorf("%q: %+v", id, got)
		}
	}
	if got := run("--config", f.config, "expire", "A", "B"); got.code != exitUsage {
		t.Errorf("two: %+v", got)
	}
}

// Looking acts on nothing, also when it is overdue.
func TestLookingKeepsNoPromise(t *testing.T) {
	f := newFence(t)
	f.block(t, "PROMISE1", time.Now().Add(-time.Hour))
	for _, args := range [][]string{{"expire"}, {"expire", "-o", "json"}, {"status"}, {"check"}, {"actions"}} {
		got := run(append([]string{"--config", f.config}, args...)...)
		if f.in() || f.left(t) != 1 {
			t.Fatalf("%v took it back", args)
		}
		if args[0] == "expire" && !strings.Contains(got.out, "PROMISE1") {
			t.Errorf("%v: %s", args, got.out)
		}
	}
	got := run("--config", f.config, "expire")
	for _, want := range []string{"PROMISE1", "overdue", "firewall.unblock", shutOut, "ana"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%s is missing in\n%s", want, got.out)
		}
	}
}
