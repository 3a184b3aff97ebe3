package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/model"
)

const (
	// MaxValue is the most bytes of one value of a stream that are kept; of a
	// longer one the rest is read and thrown away.
	MaxValue = 64 << 10
	// StreamIdle is how long a stream may be silent before it counts as lost.
	StreamIdle = 5 * time.Minute
)

// Stream reads path, an answer without an end, and calls take with each JSON
// value in it: one on each line, or those of one array. Of a value longer than
// [MaxValue] the beginning is given and cut is true; the bytes are valid during
// the call only. It returns nil when the server has ended the stream, the error
// of take, and else why there is no more. No limit counts for the whole, but
// [StreamIdle] for silence.
func (c *Client) Stream(ctx context.Context, path string, query url.Values, take func(value []byte, cut bool) error) error {
	r := Request{Method: http.MethodGet, Path: path, Query: query}
	if err := c.spent(r, time.Now()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(c.opts.Timeout, func() { cancel(errIdle) })
	defer idle.Stop()
	req, err := c.request(ctx, r, "application/stream+json, application/json")
	if err != nil {
		return err
	}
	resp, err := c.streams.Do(req)
	if err != nil {
		return c.streamEnd(ctx, r, err)
	}
	defer resp.Body.Close()
	c.quota.note(r.Path, resp.Header, time.Now())
	if resp.StatusCode >= 300 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, MaxValue)) // the status says more than a body that broke off
		return c.refused(r, resp, body)
	}
	values := &values{take: take}
	err = values.read(alive{resp.Body, func() { idle.Reset(c.opts.Idle) }})
	if err == nil || errors.Is(err, errTaken) {
		return values.refused
	}
	return c.streamEnd(ctx, r, err)
}

// errIdle ends a stream that was silent for too long.
var errIdle = errors.New("silent for too long")

// streamEnd says why a stream broke off.
func (c *Client) streamEnd(ctx context.Context, r Request, err error) error {
	if errors.Is(context.Cause(ctx), errIdle) {
		return c.fail(r, model.Down, "nothing came in time")
	}
	if errors.Is(err, errNotJSON) {
		return c.fail(r, model.Protocol, errNotJSON.Error())
	}
	return c.noAnswer(r, err)
}

// alive tells of every read that gave something.
type alive struct {
	io.Reader

	beat func()
}

// Read implements io.Reader.
func (a alive) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if n > 0 {
		a.beat()
	}
	return n, err
}

// errTaken ends the reading because take had enough.
var errTaken = errors.New("taken")

// values finds the JSON values in a stream of bytes: objects that follow each
// other, or the elements of one array. It looks at brackets and quotes only.
type values struct {
	take    func(value []byte, cut bool) error
	refused error // what take returned

	value  []byte
	cut    bool
	junk   int  // bytes that belong to no value
	depth  int  // open brackets of the value
	quoted bool // inside a string
	escape bool // behind a backslash in a string
}

func (v *values) read(from io.Reader) error {
	in := bufio.NewReader(from)
	for {
		b, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return v.atEnd()
		}
		if err != nil {
			return err
		}
		if v.byte(b); v.refused != nil {
			return errTaken
		}
		if v.junk > junkMax {
			return errNotJSON
		}
	}
}

// junkMax is how many bytes that belong to no value are passed over.
const junkMax = 1 << 10

// errNotJSON ends the reading of what is something else.
var errNotJSON = errors.New("the stream is not the JSON expected")

// atEnd refuses a stream that ended inside of a value, or that had none.
func (v *values) atEnd() error {
	switch {
	case v.depth > 0:
		return io.ErrUnexpectedEOF
	case v.junk > 0:
		return errNotJSON
	}
	return nil
}

// byte takes one byte. Between values everything but the beginning of an
// object is passed over: line ends, commas, and the brackets of an array.
func (v *values) byte(b byte) {
	if v.depth == 0 && b != '{' {
		if !strings.ContainsRune(" \t\r\n,[]", rune(b)) {
			v.junk++
		}
		return
	}
	if len(v.value) < MaxValue {
		v.value = append(v.value, b)
	} else {
		v.cut = true
	}
	switch {
	case v.escape:
		v.escape = false
	case v.quoted:
		v.escape, v.quoted = b == '\\', b != '"'
	case b == '"':
		v.quoted = true
	case b == '{', b == '[':
		v.depth++
	case b == '}', b == ']':
		v.depth--
	}
	if v.depth == 0 {
		v.refused = v.take(v.value, v.cut)
		v.value, v.cut = v.value[:0], false
	}
}

// Undecoded is the failure of a value that is not what was expected.
func (c *Client) Undecoded(path string, err error) error {
	return c.fail(Request{Method: http.MethodGet, Path: path}, model.Protocol, fmt.Sprintf("a value of the stream is not the JSON expected: %s", jsonFault(err)))
}
