package e2e_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/testkit"
)

// namedWithin is how soon after a fault the verdict line names its cause.
const namedWithin = 30 * time.Second

// fault is one way to break the world, and how it is ended with nothing but
// what the screen says.
type fault struct {
	name    string
	world   []string // arguments of the world; nil for an ordinary one
	verdict string   // regular expression; its groups are for broken
	ends    string   // the key and its word beside the verdict
	action  string
	book    string   // runbook that an incident follows
	card    []string // regular expressions of what the card says
	outcome string   // regular expression
	broken  func(*incident)
	mended  func(*incident)
	rest    func(*incident) // what remains to be mended then; nil for nothing
	undo    func(*incident) // takes the act back, after all is scored; nil where nothing does
}

// incident is one fault in one world, and the screen that looks at it.
type incident struct {
	*world
	t      *testing.T
	screen *testkit.Terminal
	admin  *pgx.Conn // superuser
	said   []string  // the groups of the verdict
	before string    // what broken wants mended to know
}

func faults() []fault {
	return []fault{
		{
			name: "bad-deploy", action: "deploy.rollback", book: "bad-deploy", ends: "R roll back",
			verdict: `http\.error_rate shop ([\d.]+) % \(limit \d %\) since deploy v4 by ben, live for (\d+)s`,
			card:    []string{`rollback shop to v3 \(dpl_\w+\)`, `now live +v4`, `goes to +v3`, `schema or any data`},
			outcome: `errors [\d.]+ % → [\d.]+ % in .*helped`,
			broken:  badDeployBroken, mended: badDeployMended, undo: badDeployUndone,
		},
		{
			name: "lock-pileup", action: "pg.terminate", book: "lock-pileup", ends: "K end it",
			verdict: `(\d+) sessions wait behind pid (\d+): idle in transaction (\d+)s, app=worker, holds AccessExclusive on public\.orders`,
			card:    []string{`SELECT pg_terminate_backend\(\d+\) +if still started`, `frees +\d+ sessions on public\.orders`, `ALTER TABLE`, `rolled back`},
			outcome: `ended in .* · waiting \d+ → [0-2] in .*helped`,
			broken:  lockPileupBroken, mended: lockPileupMended,
		},
		{
			name: "connections-exhausted", action: "pg.terminate.all", book: "connections-exhausted", ends: "K end them",
			verdict: `all 57 usable connections are taken: app=report-worker leaves (\d+) idle in transaction, the oldest for (\d+)s`,
			card: []string{
				`frees +\d+ of 57 usable connections`, `\d+ of app=report-worker, role reports, idle in transaction: pid \d+, \d+, \d+ and \d+ more`,
				`open transactions; none has written`, `sessions that began after`,
			},
			outcome: `ended (\d+) of (\d+) sessions in .* · connections [\d.]+ % → [\d.]+ % .*helped`,
			broken:  connectionsBroken, mended: connectionsMended,
		},
		{
			name: "replica-lag", world: []string{"--standby"}, action: "pg.replay.resume", book: "replica-lag", ends: "a resume it",
			verdict: `standby r1 is (?:\d+s, )?([\d.]+) MiB behind: its replay is paused`,
			card:    []string{`SELECT pg_wal_replay_resume\(\) +on r1`, `replays +[\d.]+ MiB that it has received; it shows the data of \d+`},
			outcome: `resumed in .* · behind [\d.]+ MiB → .* in .*helped`,
			broken:  replicaBroken, mended: replicaMended,
		},
		{
			name: "bloat", action: "pg.vacuum", book: "bloat", ends: "V vacuum it",
			verdict: `([\d.]+) % of the rows of public\.events are dead \((\d+) of (\d+)\): autovacuum is off for it`,
			card:    []string{`VACUUM \(ANALYZE\) "?public"?\."?events"?`, `rows are dead`, `make the file smaller`},
			outcome: `vacuumed in .*dead rows .* → .*helped`,
			broken:  bloatBroken, mended: bloatMended,
		},
		{
			name: "old-snapshot", action: "pg.terminate", book: "old-snapshot", ends: "K end it",
			verdict: `([\d.]+) % of the rows of public\.events are dead \((\d+) of (\d+)\), kept by the snapshot of pid (\d+) \(app=psql\), (\d+)s old`,
			card:    []string{`SELECT pg_terminate_backend\(\d+\) +if still started`, `ends +app=psql, role reports, idle in transaction for \d+`, `it has written nothing`},
			outcome: `ended in .* · oldest transaction .* → .*helped`,
			broken:  snapshotBroken, mended: snapshotMended, rest: snapshotVacuumed,
		},
		{
			name: "stale-cache", action: "cache.purge", book: "stale-cache", ends: "P purge it",
			verdict: `web gives content that is (\d+)s old, 10s is allowed: purge page:\*`,
			card:    []string{`SCAN MATCH page:\*`, `removes +\d+ keys of \d+ keys`},
			outcome: `removed \d+ keys in .*helped`,
			broken:  staleCacheBroken, mended: staleCacheMended,
		},
		{
			name: "cache-leak", action: "cache.purge", book: "cache-leak", ends: "P purge it",
			verdict: `cart:\* fills the cache: about (\d+) keys without an end take ([\d.]+) % of its memory: purge cart:\*`,
			card:    []string{`SCAN MATCH cart:\*`, `removes +(at least )?[\d,]+ keys of`, `headroom`},
			outcome: `removed [\d,]+ keys in .* · keys without an end [\d.]+ % → [\d.]+ % in .*helped`,
			broken:  cacheLeakBroken, mended: cacheLeakMended,
		},
		{
			name: "disk-filling", action: "pg.slot.drop", book: "disk-filling", ends: "a drop it",
			// A first verdict may come while the import still runs: that of all it wrote is waited for.
			verdict: `slot (r0) keeps ((?:2[5-9]|[3-9]\d)\d(?:\.\d+)?) MiB of log, and nobody reads it`,
			card:    []string{`SELECT pg_drop_replication_slot\('r0'\) +if nobody reads it`, `frees +\d+ MiB of log, at the next checkpoint`, `built anew`},
			outcome: `dropped in .* · kept log [\d.]+ MiB → 0 B.*helped`,
			broken:  diskBroken, mended: diskMended,
		},
		{
			name: "slow-query", action: "pg.cancel", book: "slow-query", ends: "C cancel it",
			verdict: `pid (\d+) runs one statement for (\d+)s: app=reports`,
			card:    []string{`SELECT pg_cancel_backend\(\d+\)`, `app=reports`},
			outcome: `cancelled in .*helped`,
			broken:  slowQueryBroken, mended: slowQueryMended,
		},
		{
			name: "error-spike", action: "cache.purge", book: "error-spike", ends: "P purge it",
			verdict: `http\.error_rate shop ([\d.]+) % \(limit \d %(?:, now falling)?\) since issue SHOP-\d in /checkout, (\d+) a minute, in v3: purge promo:active`,
			card:    []string{`SCAN MATCH promo:active\*`, `removes +1 key of`},
			outcome: `removed 1 key in .*errors [\d.]+ % → [\d.]+ % in .*helped`,
			broken:  errorSpikeBroken, mended: errorSpikeMended,
		},
	}
}

// TestFaults breaks a world in every way. On both sizes of screen the verdict
// has to name the cause with its numbers in time, and what is done with the
// keys that the screen shows has to mend the world.
func TestFaults(t *testing.T) {
	for _, f := range faults() {
		for _, size := range [][2]int{{160, 48}, {80, 24}} {
			t.Run(fmt.Sprintf("%s/%dx%d", f.name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				w := startWorld(t, f.world...)
				in := &incident{world: w, t: t, admin: w.admin(), screen: w.dashboard(size[0], size[1])}
				in.screen.WaitUntil("a first verdict", limit, regexp.MustCompile("no suspect|this machine").MatchString)
				in.breaks(f.name)
				in.named(f)
				f.broken(in)
				in.opened(f)
				in.act(f)
				f.mended(in)
				in.recorded(f)
				in.calm(f)
				in.closed(f)
				for _, more := range []func(*incident){f.rest, func(in *incident) { in.scored(f.name) }, f.undo} {
					if more != nil {
						more(in)
					}
				}
			})
		}
	}
}

// TestProviderOutage breaks what nobody here can mend. The verdict has to name
// the provider and say that, offer no key, and go when the provider is well.
func TestProviderOutage(t *testing.T) {
	for _, size := range [][2]int{{160, 48}, {80, 24}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			t.Parallel()
			w := startWorld(t)
			in := &incident{world: w, t: t, admin: w.admin(), screen: w.dashboard(size[0], size[1])}
			in.screen.WaitUntil("a first verdict", limit, regexp.MustCompile("no suspect|this machine").MatchString)
			in.breaks("provider-outage")
			pattern := regexp.MustCompile(`Stripe reports major trouble: Elevated errors for API requests; not ours to mend: tell users, and wait`)
			began := time.Now()
			in.screen.WaitUntil("the verdict", namedWithin, func(screen string) bool { return pattern.MatchString(verdict(screen, "")) })
			t.Logf("named after %.1f s", time.Since(began).Seconds())
			if share := in.errorShare(); share < 0.15 {
				t.Errorf("%.0f %% of the customers fail, want the checkouts", 100*share)
			}
			in.screen.Keys("\r")
			in.screen.WaitUntil("the evidence", limit, func(screen string) bool {
				return strings.Contains(screen, "payment") && strings.Contains(screen, "no deploy in 9 h")
			})
			in.screen.Keys("\x1b")
			in.opened(fault{book: "provider-outage"})
			in.post("/heal/provider-outage")
			in.screen.WaitUntil("another verdict", 2*limit, func(screen string) bool { return !pattern.MatchString(verdict(screen, "")) })
			if got := in.audit(); got != "" {
				t.Errorf("audit %q, want nothing", got)
			}
			in.scored("provider-outage", "helpful action")
		})
	}
}

// named waits for the verdict that names the cause and the key that ends it.
func (in *incident) named(f fault) {
	in.t.Helper()
	began := time.Now()
	pattern := regexp.MustCompile(f.verdict)
	in.screen.WaitUntil("the verdict "+f.verdict, namedWithin, func(screen string) bool {
		in.said = pattern.FindStringSubmatch(verdict(screen, f.ends))
		return in.said != nil
	})
	in.t.Logf("named after %.1f s: %s", time.Since(began).Seconds(), in.said[0])
}

// verdict is the sentence at the top of the screen, which may go on in a
// second row; "" where the first row does not end in the key that is offered,
// which is "" where none is.
func verdict(screen, ends string) string {
	rows := strings.Split(screen, "\n")
	if len(rows) < 3 {
		return ""
	}
	first, offered := strings.CutSuffix(rows[1], " "+ends)
	if !offered && ends != "" {
		return ""
	}
	return strings.Join(strings.Fields(first+" "+rows[2]), " ")
}

// act presses the key that the verdict shows and follows the card.
func (in *incident) act(f fault) {
	in.t.Helper()
	in.screen.Keys(f.ends[:1])
	if f.ends[0] == 'a' { // by the menu, where it comes first
		in.screen.WaitFor("actions", limit)
		in.screen.Keys("\r")
	}
	in.screen.WaitFor("type demo to arm", limit)
	card := in.screen.Screen()
	for _, pattern := range f.card {
		if !regexp.MustCompile(pattern).MatchString(cardText(card)) {
			in.t.Errorf("the card does not say %s:\n%s", pattern, card)
		}
	}
	in.screen.Keys("demo\r")
	in.confirm(f.outcome)
}

// confirm answers a card of an armed session when it takes the answer, with y
// or with the name that it asks for, and waits for its outcome.
func (in *incident) confirm(outcome string) {
	in.t.Helper()
	pattern := regexp.MustCompile(outcome)
	in.screen.WaitUntil("that y counts", limit, func(screen string) bool {
		return strings.Contains(screen, "Tab reason") && !strings.Contains(screen, "in a second")
	})
	answer := "y"
	if asks := regexp.MustCompile(`type (\S+(?: \d+)?) to \w+ (?:it|them)`).FindStringSubmatch(cardText(in.screen.Screen())); asks != nil {
		answer = asks[1] + "\r"
	}
	in.screen.Keys(answer)
	in.screen.WaitUntil("the outcome "+outcome, 3*limit, func(screen string) bool { return pattern.MatchString(cardText(screen)) })
}

// cardTitle is in the frame of every card, before its danger.
const cardTitle = " on demo   "

// cardText is the text inside the card, what it wraps in one line again; ""
// where no card is open.
func cardText(screen string) string {
	rows := strings.Split(screen, "\n")
	var words []string
	left, right := -1, -1
	for _, row := range rows {
		cells := []rune(row)
		// A row that is still being drawn may lack a corner.
		before, after, titled := strings.Cut(row, cardTitle)
		if from, to := strings.LastIndex(before, "┌"), strings.Index(after, "┐"); titled && left < 0 && from >= 0 && to >= 0 {
			left = len([]rune(before[:from]))
			right = len([]rune(before+cardTitle)) + len([]rune(after[:to]))
		}
		if left >= 0 && len(cells) > right && cells[left] == '│' && cells[right] == '│' {
			words = append(words, strings.Fields(string(cells[left+1:right]))...)
		}
	}
	return strings.Join(words, " ")
}

// recorded checks that the audit has the act, whole and unbroken.
func (in *incident) recorded(f fault) {
	in.t.Helper()
	want := fmt.Sprintf("%[1]s intent,%[1]s result ok,%[1]s effect helped", f.action)
	if got := in.audit(); got != want {
		in.t.Errorf("audit %q, want %q", got, want)
	}
}

// calm closes the card; the verdict must offer no more what it offered before.
func (in *incident) calm(f fault) {
	in.t.Helper()
	in.screen.Keys("\x1b")
	in.screen.WaitUntil("another verdict", limit, func(screen string) bool {
		return cardText(screen) == "" && verdict(screen, f.ends) == ""
	})
}

// number is a group of the verdict.
func (in *incident) number(group int) float64 {
	in.t.Helper()
	n, err := strconv.ParseFloat(in.said[group], 64)
	must(in.t, err)
	return n
}

// until waits for the world to become what it should be.
func (in *incident) until(what string, holds func() bool) {
	in.t.Helper()
	testkit.Until(in.t, limit, what, func(context.Context) bool { return holds() })
}
