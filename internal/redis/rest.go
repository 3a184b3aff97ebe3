package redis

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// restConn is a connection to a Redis that is reached over HTTP alone: what is
// written are commands, what is read are replies, and in between they go as
// one request. So whoever speaks Redis need not know of it.
// Source: POST /pipeline of the Upstash REST API.
type restConn struct {
	web *web.Client

	mu       sync.Mutex
	asked    bytes.Buffer // commands that were not sent yet
	answered bytes.Buffer // replies that were not read yet
	until    time.Time    // for the next request; zero for ever
}

// dialREST makes connections to one address. Nothing is sent before the first
// command.
func dialREST(opts Options) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		token := ""
		if opts.RESTToken != nil {
			var err error
			if token, err = opts.RESTToken(ctx); err != nil {
				return nil, err
			}
		}
		return &restConn{web: web.New(web.Options{
			Base: opts.RESTURL, Token: token, UserAgent: opts.UserAgent, Timeout: timeout,
			Scope: "redis.rest_token is not one of this database, or may not do this",
		})}, nil
	}
}

// Write implements net.Conn.
func (c *restConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked.Write(p)
}

// Read implements net.Conn. The first read after a write sends the commands.
func (c *restConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered.Len() == 0 {
		if err := c.exchange(); err != nil {
			return 0, err
		}
	}
	return c.answered.Read(p)
}

// exchange sends all commands that were written and keeps their replies.
func (c *restConn) exchange() error {
	commands, err := parseCommands(c.asked.Bytes())
	if err != nil {
		return err
	}
	c.asked.Reset()
	var sent [][]string
	for _, args := range commands {
		if ownReply(args) == "" {
			sent = append(sent, args)
		}
	}
	replies, err := c.send(sent)
	if err != nil {
		return err
	}
	for _, args := range commands {
		if own := ownReply(args); own != "" {
			c.answered.WriteString(own)
			continue
		}
		encode(&c.answered, replies[0])
		replies = replies[1:]
	}
	return nil
}

// ownReply answers what is about a connection, which there is none; "" for
// what is about the database.
func ownReply(args []string) string {
	switch strings.ToUpper(args[0]) {
	case "HELLO":
		return "-ERR unknown command 'HELLO'\r\n"
	case "CLIENT", "AUTH", "SELECT":
		return "+OK\r\n"
	}
	return ""
}

// restReply is the reply to one command: one of both.
type restReply struct {
	Result any     `json:"result"`
	Error  *string `json:"error"`
}

// send sends commands as one request. There is one reply for each, or an error.
func (c *restConn) send(commands [][]string) ([]restReply, error) {
	if len(commands) == 0 {
		return nil, nil
	}
	ctx := context.Background()
	if !c.until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, c.until)
		defer cancel()
	}
	var raw json.RawMessage
	if _, err := c.web.Send(ctx, web.Request{Method: http.MethodPost, Path: "/pipeline", Body: commands}, &raw); err != nil {
		return nil, err
	}
	var replies []restReply
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a counter may have more digits than a float
	if err := decoder.Decode(&replies); err != nil {
		return nil, &model.Fail{Class: model.Protocol, Text: "the answer is not the JSON expected: " + err.Error()}
	}
	if len(replies) != len(commands) {
		return nil, &model.Fail{Class: model.Protocol, Text: fmt.Sprintf("%d replies to %d commands", len(replies), len(commands))}
	}
	return replies, nil
}

// encode writes a reply as Redis would.
func encode(to *bytes.Buffer, r restReply) {
	if r.Error != nil {
		fmt.Fprintf(to, "-%s\r\n", strings.NewReplacer("\r", " ", "\n", " ").Replace(*r.Error))
		return
	}
	encodeValue(to, r.Result)
}

func encodeValue(to *bytes.Buffer, v any) {
	switch v := v.(type) {
	case nil:
		to.WriteString("$-1\r\n")
	case json.Number:
		if n, err := v.Int64(); err == nil {
			fmt.Fprintf(to, ":%d\r\n", n)
			return
		}
		encodeText(to, v.String())
	case []any:
		fmt.Fprintf(to, "*%d\r\n", len(v))
		for _, item := range v {
			encodeValue(to, item)
		}
	case string:
		encodeText(to, v)
	default:
		encodeText(to, fmt.Sprint(v))
	}
}

func encodeText(to *bytes.Buffer, text string) { fmt.Fprintf(to, "$%d\r\n%s\r\n", len(text), text) }

// errHalf says that a command was not written whole.
var errHalf = errors.New("a command was not written whole")

// parseCommands reads commands as a client writes them: arrays of texts.
func parseCommands(text []byte) ([][]string, error) {
	r := bufio.NewReader(bytes.NewReader(text))
	var out [][]string
	for {
		n, err := length(r, '*')
		if errors.Is(err, io.EOF) && len(out) > 0 {
			return out, nil
		}
		if err != nil || n < 1 || n > len(text) {
			return nil, errHalf
		}
		args := make([]string, n)
		for i := range args {
			if args[i], err = argument(r, len(text)); err != nil {
				return nil, errHalf
			}
		}
		out = append(out, args)
	}
}

func argument(r *bufio.Reader, most int) (string, error) {
	n, err := length(r, '$')
	if err != nil || n < 0 || n > most {
		return "", errHalf
	}
	text := make([]byte, n+2)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", err
	}
	return string(text[:n]), nil
}

// length reads a line with a mark and a number.
func length(r *bufio.Reader, mark byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if len(line) < 2 || line[0] != mark {
		return 0, errHalf
	}
	n, err := strconv.ParseInt(line[1:], 10, 32)
	if err != nil || n > math.MaxInt32 {
		return 0, errHalf
	}
	return int(n), nil
}

// Close implements net.Conn, as do the others.
func (c *restConn) Close() error {
	c.web.Close()
	return nil
}

func (c *restConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = t
	return nil
}

func (c *restConn) SetReadDeadline(t time.Time) error { return c.SetDeadline(t) }
func (*restConn) SetWriteDeadline(time.Time) error    { return nil }
func (*restConn) LocalAddr() net.Addr                 { return restAddr{} }
func (*restConn) RemoteAddr() net.Addr                { return restAddr{} }

// restAddr stands for an address; the connection has none of its own.
type restAddr struct{}

// Network and String implement net.Addr.
func (restAddr) Network() string { return "http" }
func (restAddr) String() string  { return "rest" }
