package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// RedisOptions says how to start a Redis server. The zero value will do.
type RedisOptions struct {
	// Dir is the server's folder; "" is one of its own that Stop removes.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Password that clients must give; "" asks for none.
	Password string
	// Settings go into the configuration file, over the defaults.
	Settings map[string]string
	// InProcess runs the small Redis inside this process even where
	// redis-server is installed.
	InProcess bool
}

// Redis is a running Redis server, or a small one inside this process where
// redis-server is not installed. It keeps nothing on disk.
type Redis struct {
	opts    RedisOptions
	private bool
	proc    *process             // nil when in process
	mini    *miniredis.Miniredis // nil when a real server runs
	stop    chan struct{}        // ends the in-process server's clock
}

// FindRedis returns the path of redis-server, if there is one.
func FindRedis() (string, bool) {
	for _, name := range []string{"redis-server", "/usr/local/bin/redis-server", "/opt/homebrew/bin/redis-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// StartRedis starts a server and returns when it answers.
func StartRedis(ctx context.Context, opts RedisOptions) (*Redis, error) {
	r := &Redis{opts: opts}
	var err error
	if r.opts.Port, err = portOr(opts.Port); err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	path, found := FindRedis()
	if !found || opts.InProcess {
		err = r.startInProcess()
	} else {
		err = r.startServer(ctx, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start Redis: %w", err), r.removeFiles())
	}
	return r, nil
}

func (r *Redis) startInProcess() error {
	r.mini = miniredis.NewMiniRedis()
	if r.opts.Password != "" {
		r.mini.RequireAuth(r.opts.Password)
	}
	if err := r.mini.StartAddr(r.Addr()); err != nil {
		return err
	}
	r.stop = make(chan struct{})
	go r.passTime(r.stop)
	return nil
}

// passTime lets keys expire: the in-process server has no clock of its own.
func (r *Redis) passTime(stop <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			r.mini.FastForward(time.Second)
		}
	}
}

func (r *Redis) startServer(ctx context.Context, path string) error {
	owner, err := ServerOwner()
	if err != nil {
		return err
	}
	if r.opts.Dir == "" {
		r.private = true
		if r.opts.Dir, err = MkdirTemp("tocsin-redis"); err != nil {
			return err
		}
	}
	if r.opts.Dir, err = filepath.Abs(r.opts.Dir); err != nil {
		return err
	}
	if err := owner.mkdir(r.opts.Dir); err != nil {
		return err
	}
	conf := filepath.Join(r.opts.Dir, "redis.conf")
	if err := owner.writeFile(conf, r.config()); err != nil {
		return err
	}
	return r.launch(ctx, command{path: path, args: []string{conf}, dir: r.opts.Dir, owner: owner})
}

func (r *Redis) launch(ctx context.Context, c command) error {
	log := filepath.Join(r.opts.Dir, "redis.log")
	proc, err := c.start(log, syscall.SIGKILL)
	if err != nil {
		return err
	}
	r.proc = proc
	if err := proc.ready(ctx, func() bool { return r.answers(ctx) }); err != nil {
		return errors.Join(fmt.Errorf("%w: %s", err, logTail(log)), proc.end(context.Background()))
	}
	return nil
}

func (r *Redis) config() string {
	settings := map[string]string{
		"bind":             "127.0.0.1",
		"port":             fmt.Sprint(r.opts.Port),
		"daemonize":        "no",
		"save":             `""`,
		"appendonly":       "no",
		"maxmemory":        "64mb",
		"maxmemory-policy": "allkeys-lru",
	}
	if r.opts.Password != "" {
		settings["requirepass"] = r.opts.Password
	}
	maps.Copy(settings, r.opts.Settings)
	var conf strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&conf, "%s %s\n", name, settings[name])
	}
	return conf.String()
}

// answers tells whether the server speaks; a demand for a password is speech.
func (r *Redis) answers(ctx context.Context) bool {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", r.Addr())
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && (strings.HasPrefix(line, "+PONG") || strings.HasPrefix(line, "-NOAUTH"))
}

// Addr is the server's host:port.
func (r *Redis) Addr() string { return fmt.Sprintf("127.0.0.1:%d", r.opts.Port) }

// Port is the TCP port on 127.0.0.1.
func (r *Redis) Port() int { return r.opts.Port }

// InProcess tells that no redis-server was found and a small one inside this
// process stands in for it.
func (r *Redis) InProcess() bool { return r.mini != nil }

// PID is the server's process id, 0 when it is in process.
func (r *Redis) PID() int {
	if r.proc == nil {
		return 0
	}
	return r.proc.pid()
}

// Stop ends the server and waits for it. Files of an unnamed Dir are removed.
func (r *Redis) Stop(ctx context.Context) error {
	if r.mini != nil {
		r.stopInProcess()
		return nil
	}
	_ = r.proc.cmd.Process.Signal(syscall.SIGCONT) // a paused server cannot act on SIGTERM
	return errors.Join(r.proc.end(ctx, syscall.SIGTERM), r.removeFiles())
}

func (r *Redis) stopInProcess() {
	if r.stop != nil {
		close(r.stop)
		r.stop = nil
		r.mini.Close()
	}
}

func (r *Redis) removeFiles() error {
	if !r.private {
		return nil
	}
	return os.RemoveAll(r.opts.Dir)
}
