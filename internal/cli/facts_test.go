package cli

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/sched"
	"tocsin/internal/store"
)

// connectionsFunc is a source of connections made of a function.
type connectionsFunc func(ctx context.Context) (model.Connections, error)

func (f connectionsFunc) Collect(ctx context.Context) (model.Connections, error) { return f(ctx) }

// The number by which an action is judged tells when its reading began, and who
// asks for fresh ones while a reading is under way gets another after it.
func TestAFactTellsWhenItsReadingBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		slow := connectionsFunc(func(context.Context) (model.Connections, error) {
			<-time.After(time.Second)
			return model.Connections{Max: 100}, nil
		})
		p := &program{store: s, jobs: []sched.Job{sched.NewJob(s, store.ConnectionsKey(), slow, sched.Timing{Every: time.Minute, Timeout: 5 * time.Second})}}
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		go sched.Run(ctx, p.jobs...)
		<-time.After(500 * time.Millisecond)
		p.wake()
		<-time.After(600 * time.Millisecond)
		got, ok := storeFacts{s}.Fact("db.connections.usable", nil)
		if !ok || !got.Began.Equal(began) {
			t.Errorf("the reading that was under way began %v after the start (known: %v)", got.Began.Sub(began), ok)
		}
		<-time.After(10 * time.Second) // a slow source has its rest first
		if got, ok = (storeFacts{s}).Fact("db.connections.usable", nil); !ok || got.Began.Before(began.Add(time.Second)) || got.Began.After(began.Add(11*time.Second)) {
			t.Errorf("the next reading began %v after the start (known: %v), want it as soon as the source bears it", got.Began.Sub(began), ok)
		}
		cancel()
		synctest.Wait()
	})
}
