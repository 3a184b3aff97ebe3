package audit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// childEnv makes the test binary append instead of testing, see TestMain.
const childEnv = "TOCSIN_AUDIT_CHILD"

func TestMain(m *testing.M) {
	if how := os.Getenv(childEnv); how != "" {
		os.Exit(child(how))
	}
	os.Exit(m.Run())
}

func open(t *testing.T, dir string) *Log {
	t.Helper()
	log, err := Open(dir, Options{Host: "bastion", Target: "prod", Who: Who{UID: 1001, User: "ana"}})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func add(t *testing.T, log *Log, entries ...Entry) {
	t.Helper()
	for _, e := range entries {
		if _, err := log.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

// filled makes a record of n calls with two lines each.
func filled(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	log := open(t, dir)
	for i := range n {
		id := fmt.Sprintf("call-%d", i)
		add(t, log,
			Entry{Phase: Intent, ID: id, Action: "pg.terminate", Params: map[string]any{"pid": 4711 + i}, Reason: "blocks checkout"},
			Entry{Phase: Result, ID: id, Outcome: "ok"})
	}
	return dir
}

func verify(t *testing.T, dir string) Report {
	t.Helper()
	report, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func mustHold(t *testing.T, dir string, lines int64) Report {
	t.Helper()
	report := verify(t, dir)
	if report.Broken != nil {
		t.Errorf("verify: %s", report.Broken)
	}
	if report.Lines != lines {
		t.Errorf("verify: %d lines, want %d", report.Lines, lines)
	}
	return report
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func write(t *testing.T, dir, name string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAppendAndList(t *testing.T) {
	dir := filled(t, 3)
	mustHold(t, dir, 6)
	entries, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := entries[2]
	want := Entry{
		V: 1, Seq: 3, Prev: hashOf(bytes.Split(read(t, dir, logName), []byte("\n"))[1]), At: got.At, Phase: Intent, ID: "call-1",
		Who: &Who{UID: 1001, User: "ana"}, Host: "bastion", Target: "prod", Action: "pg.terminate",
		Params: map[string]any{"pid": 4712.0}, Reason: "blocks checkout",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("third entry (-want +got):\n%s", diff)
	}
	for _, name := range []string{logName, headName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v, want 0600", name, info.Mode().Perm(), err)
		}
	}
}

func TestLinesBeginAsPromised(t *testing.T) {
	first, _, _ := strings.Cut(string(read(t, filled(t, 1), logName)), "\n")
	if want := `{"v":1,"seq":1,"prev":"` + strings.Repeat("0", 64) + `","at":"2`; !strings.HasPrefix(first, want) {
		t.Errorf("first line %s, want it to begin with %s", first, want)
	}
}

func TestSharedFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	add(t, open(t, dir), Entry{Phase: Intent})
	for _, name := range []string{logName, headName} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o660 {
			t.Errorf("%s: %v, %v, want mode 0660", name, info.Mode(), err)
		}
	}
}

// Every edited byte is found, in the record and in its head, and the line is named.
func TestEveryEditedByte(t *testing.T) {
	dir := filled(t, 2)
	original, originalHead := read(t, dir, logName), read(t, dir, headName)
	for i, b := range original {
		line := int64(bytes.Count(original[:i], []byte("\n"))) + 1
		for _, to := range []byte{b ^ 1, '\n', ' ', '"'} {
			if to == b {
				continue
			}
			edited := slices.Clone(original)
			edited[i] = to
			write(t, dir, logName, edited)
			if got := verify(t, dir).Broken; got == nil || got.Line != line {
				t.Fatalf("byte %d of line %d from %q to %q: found %v", i, line, b, to, got)
			}
		}
	}
	write(t, dir, logName, original)
	for i, b := range originalHead {
		edited := slices.Clone(originalHead)
		edited[i] = b ^ 1
		write(t, dir, headName, edited)
		if verify(t, dir).Broken == nil {
			t.Errorf("byte %d of the head: not found", i)
		}
	}
}

func TestEveryCut(t *testing.T) {
	dir := filled(t, 3)
	original := read(t, dir, logName)
	lines := bytes.SplitAfter(bytes.TrimSuffix(original, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	for from := range lines {
		for to := from + 1; to <= len(lines); to++ {
			write(t, dir, logName, bytes.Join(append(slices.Clone(lines[:from]), lines[to:]...), nil))
			if got := verify(t, dir).Broken; got == nil || got.Line != int64(from+1) {
				t.Errorf("lines %d to %d cut: found %v", from+1, to, got)
			}
		}
	}
	if err := os.Remove(filepath.Join(dir, logName)); err != nil {
		t.Fatal(err)
	}
	if verify(t, dir).Broken == nil {
		t.Error("the whole record removed: not found")
	}
}

// A break stays known after more was written: the head alone would forget it.
func TestBreachIsRemembered(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, dir string)
		want string
	}{
		{"tail cut", func(t *testing.T, dir string) {
			lines := bytes.SplitAfter(read(t, dir, logName), []byte("\n"))
			write(t, dir, logName, bytes.Join(lines[:4], nil))
		}, "tail was cut"},
		{"last line edited", func(t *testing.T, dir string) {
			raw := read(t, dir, logName)
			raw[len(raw)-5] ^= 1
			write(t, dir, logName, raw)
		}, "line 6"},
		{"head removed", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, headName)); err != nil {
				t.Fatal(err)
			}
		}, "audit.head was missing"},
		{"head edited", func(t *testing.T, dir string) { write(t, dir, headName, []byte("junk\n")) }, "audit.head cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filled(t, 3)
			tt.do(t, dir)
			add(t, open(t, dir), Entry{Phase: Intent, ID: "later"})
			got := verify(t, dir).Broken
			if got == nil || !strings.Contains(got.String(), tt.want) {
				t.Errorf("found %v, want one that says %q", got, tt.want)
			}
		})
	}
}

// Whatever part of an append reached the disk before a crash, the next one
// puts the record in order and says so.
func TestCrashWhileWriting(t *testing.T) {
	dir := filled(t, 2)
	before, headBefore := read(t, dir, logName), read(t, dir, headName)
	add(t, open(t, dir), Entry{Phase: Intent, ID: "torn"})
	after := read(t, dir, logName)
	for left := 0; left < len(after)-len(before); left += 5 {
		size := len(after) - left
		dir := t.TempDir()
		write(t, dir, logName, after[:size])
		write(t, dir, headName, headBefore)
		write(t, dir, headName+".new", []byte("half"))
		if verify(t, dir).Broken != nil || len(verify(t, dir).Notes) == 0 {
			t.Fatalf("after %d bytes: %+v", size-len(before), verify(t, dir))
		}
		add(t, open(t, dir), Entry{Phase: Intent, ID: "next"})
		report := verify(t, dir)
		if report.Broken != nil || len(report.Repair) != 1 {
			t.Fatalf("after %d bytes: %+v", size-len(before), report)
		}
		if torn := size < len(after); torn {
			kept, _ := filepath.Glob(filepath.Join(dir, "audit.torn-*"))
			if len(kept) != 1 || !bytes.Equal(read(t, dir, filepath.Base(kept[0])), after[len(before):size]) {
				t.Fatalf("after %d bytes: the torn line is not kept: %v", size-len(before), kept)
			}
		}
	}
}

func TestFirstLineTorn(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir)
	write(t, dir, logName, []byte(`{"v":1,"seq":1,`))
	add(t, log, Entry{Phase: Intent})
	mustHold(t, dir, 2)
}

func TestLongLines(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir)
	many := map[string]any{}
	for i := range 200 {
		many[fmt.Sprintf("table %d", i)] = strings.Repeat("x", 800)
	}
	add(t, log, Entry{Phase: Intent, Preflight: many}, Entry{Phase: Result}, Entry{Phase: Intent, Preflight: many})
	mustHold(t, dir, 3)
}

func TestShellVerifierAgrees(t *testing.T) {
	const script = `p=$(printf '%064d' 0); while IFS= read -r l; do case $l in '{"v":1,"seq":'*',"prev":"'$p'","at":'*) ;; *) echo BROKEN; break;; esac; p=$(printf %s "$l" | sha256sum | cut -d' ' -f1); done < audit.jsonl; echo "$p"; cat audit.head`
	run := func(dir string) string {
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	dir := t.TempDir()
	add(t, open(t, dir), Entry{Phase: Intent, Reason: "quotes ' \" and \\ back\\slash\ttab \x1b[31m é \u2028 $HOME `id`"}, Entry{Phase: Result})
	hash := verify(t, dir).Hash
	if got, want := run(dir), hash+"\n2 "+hash+"\n"; got != want {
		t.Errorf("the shell says %q, want %q", got, want)
	}
	raw := read(t, dir, logName)
	raw[bytes.Index(raw, []byte("quotes"))] = 'Q'
	write(t, dir, logName, raw)
	if got := run(dir); !strings.HasPrefix(got, "BROKEN") {
		t.Errorf("after an edit the shell says %q", got)
	}
}

func TestRedaction(t *testing.T) {
	dir := t.TempDir()
	log, err := Open(dir, Options{Secrets: func() []string { return []string{"hunter22", ""} }})
	if err != nil {
		t.Fatal(err)
	}
	add(t, log, Entry{
		Phase:  Intent,
		Reason: "login with hunter22 failed, password=other1 and token: abc123",
		Detail: "connect to postgres://dash:s3cr3t@db/shop: refused; Authorization: Bearer xyz987",
		Params: map[string]any{"password": "p1", "table": "shop.orders", "nested": map[string]any{"api_key": "k1", "list": []string{"hunter22"}}},
		Steps:  []string{"SET x TO 'hunter22'"},
		Preflight: map[string]any{
			"query": "SELECT * FROM users WHERE email = 'a@b.example'", "dsn": "host=db password=zzz", "struct": struct{ Token string }{"t0ken"},
		},
	})
	raw := string(read(t, dir, logName))
	for _, secret := range []string{"hunter22", "other1", "abc123", "s3cr3t", "xyz987", `"p1"`, "k1", "a@b.example", "zzz", "t0ken"} {
		if strings.Contains(raw, secret) {
			t.Errorf("%q is in the record: %s", secret, raw)
		}
	}
	if !strings.Contains(raw, "shop.orders") || !strings.Contains(raw, "refused") {
		t.Errorf("what is no secret is gone: %s", raw)
	}
	mustHold(t, dir, 1)
}

func TestOrphans(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir)
	host, _ := os.Hostname()
	add(t, log,
		Entry{Phase: Intent, ID: "done"}, Entry{Phase: Result, ID: "done", Outcome: "ok"},
		Entry{Phase: Intent, ID: "alive", PID: os.Getpid(), Host: host},
		Entry{Phase: Intent, ID: "left"}, Entry{Phase: Result, ID: "left", Outcome: "unknown", Detail: "left running"},
		Entry{Phase: Intent, ID: "late"}, Entry{Phase: Result, ID: "late", Outcome: "unknown"}, Entry{Phase: Result, ID: "late", Outcome: "ok"},
		Entry{Phase: Result, ID: "refused", Outcome: "refused"})
	orphans, err := Orphans(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range orphans {
		got = append(got, fmt.Sprintf("%s %t %t", o.Intent.ID, o.Result != nil, o.Alive()))
	}
	if diff := cmp.Diff([]string{"alive false true", "left true false"}, got); diff != "" {
		t.Errorf("orphans (-want +got):\n%s", diff)
	}
}

func TestNothingThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	entries, err := List(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("list: %v, %v", entries, err)
	}
	mustHold(t, dir, 0)
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	at := time.Date(2026, 3, 1, 3, 12, 44, 0, time.UTC)
	last := ""
	for i := range 1000 {
		id := NewID(at.Add(time.Duration(i) * time.Millisecond))
		if len(id) != 26 || seen[id] || id <= last {
			t.Fatalf("id %q after %q", id, last)
		}
		seen[id], last = true, id
	}
}

func TestLoginUID(t *testing.T) {
	dir := t.TempDir()
	uid := 1001
	for _, tt := range []struct {
		text string
		want *int
	}{{"1001", &uid}, {"4294967295", nil}, {"", nil}} {
		write(t, dir, "loginuid", []byte(tt.text))
		if diff := cmp.Diff(tt.want, loginUID(filepath.Join(dir, "loginuid"))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
	if loginUID(filepath.Join(dir, "missing")) != nil {
		t.Error("a kernel that does not say gave a uid")
	}
	t.Setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22")
	if got := Me().From; got != "192.0.2.7" {
		t.Errorf("from %q", got)
	}
}

// Of two secrets that begin alike neither leaves a rest, whichever is known first.
func TestRedactSecretsThatBeginAlike(t *testing.T) {
	for _, secrets := range [][]string{{"hunter", "hunter22"}, {"hunter22", "hunter"}} {
		got := newPatterns().redactor(secrets).text("it said hunter22 and hunter")
		if got != "it said *** and ***" {
			t.Errorf("%q: got %q", secrets, got)
		}
	}
}
