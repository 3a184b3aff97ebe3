package sentry

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// Event is one event of an issue.
type Event struct {
	ID          string
	At          time.Time
	Message     string
	Release     string
	Environment string
	Frames      []Frame // of the innermost exception, the place where it happened first
	Tags        []Tag
}

// Frame is one call of a stack.
type Frame struct {
	Function, Module, File string
	Line                   int // 0 when it is not told
	InApp                  bool
}

// Tag is one of the tags of an event.
type Tag struct{ Key, Value string }

// Latest reads the newest event of an issue.
// Source: GET issues/{id}/events/latest.
func (c *Client) Latest(ctx context.Context, id string) (Event, error) {
	if !isID(id) {
		return Event{}, c.unexpected(id + " is not the id of an issue")
	}
	var body eventBody
	if err := c.get(ctx, "event:read", c.path("issues", id, "events", "latest"), nil, &body); err != nil {
		return Event{}, err
	}
	return body.event(), nil
}

type eventBody struct {
	EventID     string     `json:"eventID"`
	Title       string     `json:"title"`
	Message     string     `json:"message"`
	DateCreated *time.Time `json:"dateCreated"`
	Release     *release   `json:"release"`
	Tags        []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"tags"`
	Entries []entry `json:"entries"`
}

// entry is one part of an event; those of other types than exception have
// other data, which is left alone.
type entry struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

type exceptionData struct {
	Values []struct {
		Type       string `json:"type"`
		Value      string `json:"value"`
		Stacktrace *struct {
			Frames []struct {
				Function string `json:"function"`
				Module   string `json:"module"`
				Filename string `json:"filename"`
				LineNo   int    `json:"lineNo"`
				InApp    bool   `json:"inApp"`
			} `json:"frames"`
		} `json:"stacktrace"`
	} `json:"values"`
}

func (b eventBody) event() Event {
	e := Event{ID: b.EventID, At: instant(b.DateCreated), Message: b.Message, Release: b.Release.name()}
	for _, t := range b.Tags {
		e.Tags = append(e.Tags, Tag{t.Key, t.Value})
		switch t.Key {
		case "environment":
			e.Environment = t.Value
		case "release":
			if e.Release == "" {
				e.Release = t.Value
			}
		}
	}
	for _, part := range b.Entries {
		var data exceptionData
		if part.Type != "exception" || json.Unmarshal(part.Data, &data) != nil || len(data.Values) == 0 {
			continue
		}
		innermost := data.Values[len(data.Values)-1]
		e.Message = strings.Trim(innermost.Type+": "+innermost.Value, ": ")
		if innermost.Stacktrace == nil {
			continue
		}
		frames := innermost.Stacktrace.Frames
		for i := len(frames) - 1; i >= 0; i-- { // Sentry has the outermost first
			f := frames[i]
			e.Frames = append(e.Frames, Frame{Function: f.Function, Module: f.Module, File: f.Filename, Line: f.LineNo, InApp: f.InApp})
		}
	}
	if e.Message == "" {
		e.Message = b.Title
	}
	return e
}
