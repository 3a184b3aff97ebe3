package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"tocsin/internal/demo/provider"
	"tocsin/internal/demo/shop"
	"tocsin/internal/local"
)

// endLimit bounds the ending of a whole world.
const endLimit = 10 * time.Second

// world is the running company.
type world struct {
	opts    Options
	group   *group
	endings []func(context.Context) error // run last to first
	site    *site
	info    World

	journal  *journal
	database *database
	standby  *standby // nil where the database has none
	cache    *cache
	shop     *shop.Shop
	edge     *edge
	project  *project
	managed  *managed
	partner  *partner
	vercel   atomic.Pointer[provider.Vercel] // that of project; nil until it is there
	services *services
	load     *load
	faults   *faults
}

// cache is the company's Redis.
type cache struct {
	*local.Redis
	password string
}

func newWorld(opts Options, group *group) *world { return &world{opts: opts, group: group} }

func (w *world) progress(format string, args ...any) {
	if w.opts.Progress != nil {
		w.opts.Progress(fmt.Sprintf(format, args...))
	}
}

// atEnd remembers what has to be undone when the world ends.
func (w *world) atEnd(f func(context.Context) error) { w.endings = append(w.endings, f) }

// end undoes everything, last to first, and waits for the world's goroutines.
func (w *world) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	var errs []error
	for _, f := range slices.Backward(w.endings) {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

// up brings the company into business, step by step.
func (w *world) up(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		w.prepare, w.startDatabase, w.loadData, w.startStandby, w.startRedis, w.openServices, w.openShop, w.release, w.openManaged,
		w.announce, w.openForBusiness,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the folders and enters the world in the registry.
func (w *world) prepare(ctx context.Context) error {
	registry, err := openRegistry(w.opts.Registry)
	if err != nil {
		return err
	}
	swept, err := registry.sweep(ctx)
	if err != nil {
		return err
	}
	if swept > 0 {
		w.progress("cleaned up after %d demo that was killed", swept)
	}
	if w.site, err = newSite(registry); err != nil {
		return err
	}
	w.atEnd(func(context.Context) error { return w.site.remove() })
	return w.openDir()
}

// openDir makes the folder that may outlive the world, and the journal in it.
func (w *world) openDir() error {
	w.info.Dir = w.opts.Dir
	if w.info.Dir == "" {
		w.info.Dir = w.site.private("")
	}
	var err error
	if w.info.Dir, err = filepath.Abs(w.info.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(w.info.Dir, 0o700); err != nil {
		return err
	}
	if w.journal, err = openJournal(filepath.Join(w.info.Dir, "world.jsonl")); err != nil {
		return err
	}
	w.atEnd(func(context.Context) error { return w.journal.close() })
	return nil
}

func (w *world) startDatabase(ctx context.Context) error {
	binaries, err := local.FindPostgres()
	if err != nil {
		return err
	}
	w.progress("starting PostgreSQL %s", binaries.Version)
	w.database, err = startDatabase(ctx, binaries, filepath.Join(w.site.folder, "pg"))
	if err != nil {
		return err
	}
	w.atEnd(w.database.stop)
	w.info.DSN = w.database.server.SocketDSN("shop", "postgres")
	w.info.PostgresPID = w.database.server.PID()
	return w.site.enlist(w.info.PostgresPID, w.database.server.Dir())
}

func (w *world) loadData(ctx context.Context) error {
	w.progress("loading the shop's data")
	return w.database.load(ctx)
}

func (w *world) startRedis(ctx context.Context) error {
	w.progress("starting Redis")
	password := rand.Text()
	server, err := local.StartRedis(ctx, local.RedisOptions{
		Dir:       filepath.Join(w.site.folder, "redis"),
		Password:  password,
		InProcess: w.opts.InProcessRedis,
		// Pages and sessions have an end; what has none is kept at all costs.
		Settings: map[string]string{"maxmemory": "48mb", "maxmemory-policy": "volatile-lru"},
	})
	if err != nil {
		return err
	}
	w.atEnd(server.Stop)
	w.cache = &cache{Redis: server, password: password}
	w.info.RedisURL = fmt.Sprintf("redis://:%s@%s", password, server.Addr())
	w.info.RedisInProcess, w.info.RedisPID = server.InProcess(), server.PID()
	if server.InProcess() {
		w.progress("a small Redis inside the demo stands in for redis-server")
		return nil
	}
	return w.site.enlist(w.info.RedisPID, "redis-server")
}

func (w *world) openShop(ctx context.Context) error {
	w.progress("opening the shop")
	var err error
	w.shop, err = shop.Open(ctx, shop.Options{
		DSN: w.database.dsn,
		Redis: &redis.Options{
			Addr: w.cache.Addr(), Password: w.cache.password, ContextTimeoutEnabled: true, MaxRetries: 1,
			DialTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
		},
		Timeout:  5 * time.Second,
		Payments: shop.Payments{URL: w.services.stripeURL, Key: w.services.stripeKey},
		Report:   w.services.report,
		CheckIn:  w.services.checkIn,
		Observe:  w.logged,
	})
	if err != nil {
		return err
	}
	w.atEnd(func(context.Context) error { w.shop.Close(); return nil })
	// What is served from here on ends before this; all run on what ends after.
	w.atEnd(func(context.Context) error { w.group.wait.Wait(); return nil })
	if err := w.shop.Warm(ctx, 300); err != nil {
		return err
	}
	w.edge = w.newEdge()
	if w.info.ShopURL, err = w.serve("shop", w.edge); err != nil {
		return err
	}
	w.load = newLoad(w.info.ShopURL)
	w.partner = &partner{dsn: w.database.dsn("reports", "partner-feed")}
	return nil
}

// openForBusiness starts the customers, the worker and the scenario. One
// customer of each kind comes before the doors open: a shop that nobody has
// visited yet has no numbers to tell.
func (w *world) openForBusiness(ctx context.Context) error {
	w.progress("letting customers in")
	for n := range 3 {
		w.load.ask(ctx, n)
	}
	if w.load.failed.Load() > 0 {
		return errors.New("the shop turns its first customers away")
	}
	w.group.run("customers", w.load.run)
	w.group.run("worker", w.shop.Work)
	w.group.run("faults", w.faults.watch)
	w.group.run("partner", w.partner.run)
	if w.opts.Scenario != "" {
		w.group.run("scenario", w.playScenario)
	}
	w.journal.note("ready", "", nil)
	return nil
}

func (w *world) playScenario(ctx context.Context) {
	timer := time.NewTimer(w.opts.ScenarioAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		_ = w.faults.start(ctx, w.opts.Scenario) // its error is in the world's log
	}
}
