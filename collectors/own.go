package collectors

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Own tells what reading a server costs it. It asks the server nothing. It
// remembers a minute: one goroutine at a time may collect.
type Own struct {
	Server *pg.Server
	past   []usageAt // oldest first; the first is the newest that is a minute old
}

// usageAt is what was used until an instant.
type usageAt struct {
	at time.Time
	pg.Usage
}

// Collect compares with what was used a minute ago, or with nothing right after
// the start.
func (o *Own) Collect(context.Context) (model.Own, error) {
	now := usageAt{time.Now(), o.Server.Usage()}
	return o.since(now), nil
}

func (o *Own) since(now usageAt) model.Own {
	o.past = append(o.past, now)
	for len(o.past) > 1 && now.at.Sub(o.past[1].at) >= model.OwnOver {
		o.past = o.past[1:]
	}
	was := usageAt{}
	if now.at.Sub(o.past[0].at) >= model.OwnOver {
		was = o.past[0]
	}
	out := model.Own{
		Connections: now.Connections, Statements: int(now.Statements - was.Statements),
		Busy: now.Busy - was.Busy, Bytes: now.Bytes - was.Bytes,
	}
	for name, busy := range now.Sources {
		if busy -= was.Sources[name]; busy > 0 {
			out.Sources = append(out.Sources, model.OwnSource{Name: name, Busy: busy})
		}
	}
	slices.SortFunc(out.Sources, func(a, b model.OwnSource) int {
		return cmp.Or(cmp.Compare(b.Busy, a.Busy), cmp.Compare(a.Name, b.Name))
	})
	return out
}
