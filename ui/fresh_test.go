package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// A source that is read less often than it should be says so where its values
// are, and in place of a value that has grown old meanwhile.
func TestASourceSaysWhyItIsReadLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		cell := store.NewCell(s, store.TablesKey(), store.Source{Every: 10 * time.Second})
		cell.Put(model.Tables{}, time.Now(), 1400*time.Millisecond)
		text := func() string {
			in := In{View: s.View(), Width: 120, Height: 36}
			return linesText(tablesFrame(in).Head) + linesText(sourceLines(in, statusOf(in.View, "pg.tables"))) + linesText(Evidence(in))
		}
		note := "read every 20 s instead of 10 s: one reading takes 1.4 s"
		if strings.Contains(text(), "read every") {
			t.Errorf("in peace:\n%s", text())
		}
		cell.Pace(20*time.Second, note)
		if got := text(); strings.Count(got, note) != 2 || !strings.Contains(got, "every 20s") {
			t.Errorf("slowed down:\n%s", got)
		}
		held := "held back: the server is slow"
		cell.Pace(20*time.Second, held)
		<-time.After(2 * time.Minute)
		if got := text(); strings.Count(got, held) != 4 || strings.Contains(got, "no answer") {
			t.Errorf("held back:\n%s", got)
		}
	})
}
