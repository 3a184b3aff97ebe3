package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"tocsin/internal/demo/provider"
	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/redis"
	"tocsin/internal/testkit"
)

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

func says(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

func client(t *testing.T, opts redis.Options) *goredis.Client {
	t.Helper()
	c, err := redis.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// bridge is a real Redis behind the REST API, and a client that speaks it.
func bridge(t *testing.T, lacks ...string) (direct, rest *goredis.Client) {
	t.Helper()
	server := testkit.Redis(t, local.RedisOptions{})
	direct = goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = direct.Close() })
	web := httptest.NewServer(&provider.Upstash{Redis: direct, Token: "good", Lacks: lacks})
	t.Cleanup(web.Close)
	return direct, client(t, redis.Options{RESTURL: web.URL, RESTToken: says("good")})
}

// Who speaks Redis need not know that there is HTTP in between.
func TestRedisOverREST(t *testing.T) {
	direct, rest := bridge(t)
	ctx := t.Context()
	for i := range 1200 {
		direct.Set(ctx, fmt.Sprint("page:", i), "x\r\n$5\r\n", 0)
	}
	if n, err := rest.DBSize(ctx).Result(); err != nil || n != 1200 {
		t.Errorf("DBSIZE: %d, %v", n, err)
	}
	if text, err := rest.Get(ctx, "page:7").Result(); err != nil || text != "x\r\n$5\r\n" {
		t.Errorf("GET: %q, %v", text, err)
	}
	if _, err := rest.Get(ctx, "none").Result(); !errors.Is(err, goredis.Nil) {
		t.Errorf("a key that is not there: %v", err)
	}
	if err := rest.Do(ctx, "HSET", "page:7", "a", "b").Err(); err == nil || !strings.HasPrefix(err.Error(), "WRONGTYPE") {
		t.Errorf("an error of the server: %v", err)
	}
	var cursor uint64
	seen := map[string]bool{}
	for first := true; first || cursor != 0; first = false {
		keys, next, err := rest.Scan(ctx, cursor, "page:*", 500).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			seen[k] = true
		}
		cursor = next
	}
	if len(seen) != 1200 {
		t.Errorf("SCAN saw %d keys", len(seen))
	}
	pipe := rest.Pipeline()
	info, size, bad := pipe.Info(ctx), pipe.DBSize(ctx), pipe.Do(ctx, "NOSUCH")
	_, _ = pipe.Exec(ctx)
	if !strings.Contains(info.Val(), "redis_version:") || size.Val() != 1200 || bad.Err() == nil {
		t.Errorf("pipeline: %d bytes, %d, %v", len(info.Val()), size.Val(), bad.Err())
	}
	if n, err := rest.Unlink(ctx, "page:1", "page:2").Result(); err != nil || n != 2 {
		t.Errorf("UNLINK: %d, %v", n, err)
	}
}

// The commands are one request, and what is about a connection is none.
func TestCommandsAreOneRequest(t *testing.T) {
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := make([]byte, 500)
		n, _ := r.Body.Read(text)
		bodies = append(bodies, r.Method+" "+r.URL.Path+" "+string(text[:n]))
		fmt.Fprint(w, `[{"result":9007199254740993},{"result":null}]`)
	}))
	t.Cleanup(server.Close)
	rest := client(t, redis.Options{RESTURL: server.URL, RESTToken: says("good")})
	pipe := rest.Pipeline()
	size, none := pipe.DBSize(t.Context()), pipe.Get(t.Context(), "a b")
	_, _ = pipe.Exec(t.Context())
	if size.Val() != 9007199254740993 || !errors.Is(none.Err(), goredis.Nil) {
		t.Errorf("got %d, %v", size.Val(), none.Err())
	}
	if want := `POST /pipeline [["dbsize"],["get","a b"]]`; len(bodies) != 1 || bodies[0] != want {
		t.Errorf("asked %q, want %q", bodies, want)
	}
}

// The commands are sent as the contract of Upstash has them.
func TestRESTContract(t *testing.T) {
	rest := client(t, redis.Options{RESTURL: servers.Mock(t, "upstash-redis"), RESTToken: says("good")})
	pipe := rest.Pipeline() // the mock always answers with the two replies of its example
	size, info := pipe.DBSize(t.Context()), pipe.Info(t.Context())
	if _, err := pipe.Exec(t.Context()); err != nil || size.Val() != 1 || info.Val() != "# Stats" {
		t.Errorf("got %d, %q, %v", size.Val(), info.Val(), err)
	}
	_, err := client(t, redis.Options{RESTURL: servers.Mock(t, "upstash-redis")}).DBSize(t.Context()).Result()
	if fail := model.FailOf(err); fail == nil || fail.Class != model.Denied {
		t.Errorf("without a token: %v", err)
	}
}

func TestRESTFailures(t *testing.T) {
	for _, f := range testkit.Failures() {
		t.Run(f.Name, func(t *testing.T) {
			fail := testkit.CheckFailure(t, f, func(ctx context.Context, base string) error {
				ctx, cancel := context.WithTimeout(ctx, f.Timeout())
				defer cancel()
				return client(t, redis.Options{RESTURL: base, RESTToken: says("tok_secret")}).DBSize(ctx).Err()
			})
			if strings.Contains(fail.Error(), "tok_secret") {
				t.Errorf("the token is in %q", fail)
			}
		})
	}
}

// A reply too few, and one that is none.
func TestRESTRepliesThatDoNotFit(t *testing.T) {
	for body, says := range map[string]string{
		`[]`: "0 replies to 1 commands", `[{"result":{"a":1}}]`: "", `{"result":1}`: "not the JSON expected",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		err := client(t, redis.Options{RESTURL: server.URL}).DBSize(t.Context()).Err()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", body, err)
		}
		server.Close()
	}
}

func TestRESTTokenThatCannotBeRead(t *testing.T) {
	sealed := &model.Fail{Class: model.Denied, Text: "the vault is sealed"}
	rest := client(t, redis.Options{RESTURL: "http://127.0.0.1:1", RESTToken: func(context.Context) (string, error) { return "", sealed }})
	if err := rest.DBSize(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), "sealed") {
		t.Errorf("got %v", err)
	}
}

// A real server with a certificate: it is accepted by its authority alone.
func TestTLS(t *testing.T) {
	cert := testkit.NewCertificate(t)
	_, addr := testkit.RedisTLS(t, cert, local.RedisOptions{Password: "secret"})
	opts := redis.Options{URL: "rediss://" + addr, Password: says("secret"), CA: cert.Cert}
	if n, err := client(t, opts).DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("over TLS: %d, %v", n, err)
	}
	opts.CA = testkit.NewCertificate(t).Cert
	if err := client(t, opts).DBSize(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with another authority: %v", err)
	}
	opts.CA = ""
	if err := client(t, opts).DBSize(t.Context()).Err(); err == nil {
		t.Error("a certificate of nobody was accepted")
	}
	opts.CA, opts.URL = cert.Cert, "redis://"+addr
	if _, err := redis.New(opts); err == nil || !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("an authority without TLS: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := client(t, redis.Options{URL: "redis://" + addr}).DBSize(ctx).Err(); err == nil {
		t.Error("without TLS it answered")
	}
}
