package vercel

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxPages bounds how many pages of one list are read.
const maxPages = 10

// pagination is how lists tell where the next page begins.
type pagination struct {
	Pagination struct {
		Next float64 `json:"next"` // epoch ms, to be sent as until; null on the last page
	} `json:"pagination"`
}

func (p pagination) next() float64 { return p.Pagination.Next }

// pages reads a list page by page. add takes one page and returns the ids that
// are on it: a page with nothing new ends the list, as do [maxPages].
func pages[T any](ctx context.Context, c *Client, path string, query url.Values, add func(page T) (ids []string, next float64)) error {
	query = maps.Clone(query)
	seen := map[string]bool{}
	for range maxPages {
		var page T
		if err := c.web.GetJSON(ctx, path, query, &page); err != nil {
			return err
		}
		ids, next := add(page)
		fresh := false
		for _, id := range ids {
			fresh = fresh || !seen[id]
			seen[id] = true
		}
		if next == 0 || !fresh {
			return nil
		}
		query.Set("until", strconv.FormatInt(int64(next), 10))
	}
	return nil
}

// oneOf is a text, or a list of texts.
type oneOf []string

// UnmarshalJSON reads either form.
func (o *oneOf) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*o = oneOf{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(o))
}

func (o oneOf) has(text string) bool { return slices.Contains(o, text) }

func (o oneOf) all() string { return strings.Join(o, ",") }

// aliasName is a host name as a text, or in an object.
type aliasName string

// UnmarshalJSON reads either form.
func (a *aliasName) UnmarshalJSON(raw []byte) error {
	var object struct {
		Alias string `json:"alias"`
	}
	if json.Unmarshal(raw, &object) == nil {
		*a = aliasName(object.Alias)
		return nil
	}
	return json.Unmarshal(raw, (*string)(a))
}

// instant is a time that is documented as a text and no more; zero where it
// cannot be read.
type instant time.Time

// UnmarshalJSON reads RFC 3339 and epoch milliseconds.
func (i *instant) UnmarshalJSON(raw []byte) error {
	var ms float64
	if json.Unmarshal(raw, &ms) == nil {
		*i = instant(millis(ms))
		return nil
	}
	var at time.Time
	if json.Unmarshal(raw, &at) == nil {
		*i = instant(at.UTC())
	}
	return nil
}
