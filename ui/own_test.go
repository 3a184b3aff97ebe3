package ui

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// Whether alerts arrive where they are told stands beside what tocsin costs.
func TestAboutMeTells(t *testing.T) {
	t.Parallel()
	s := store.New()
	cell := store.NewCell(s, store.NoticesKey(), store.Source{Every: 15 * time.Second})
	in := In{View: s.View(), Width: 150, Height: 40}
	if got := noticeItems(in); got != nil {
		t.Errorf("nothing is configured: got %+v", got)
	}
	now := time.Now()
	rows := func(n model.Notices) []quantity {
		cell.Put(n, now, 0)
		in.View = s.View()
		return noticeItems(in)
	}
	if got := rows(model.Notices{Elsewhere: true, Channels: []model.NoticeChannel{{Name: "a"}}}); len(got) != 1 || got[0].means != "another tocsin here tells" {
		t.Errorf("another tells: got %+v", got)
	}
	got := rows(model.Notices{Lost: "disk full", Channels: []model.NoticeChannel{
		{Name: "chat", Fail: "POST https://hooks.slack.com/***: 404: no_service", Since: now.Add(-2 * time.Minute), Waiting: 3, Dropped: 1},
		{Name: "duty", Sent: 4, At: now},
		{Name: "phone"},
	}})
	want := []string{
		"failing: for 2m00s: POST https://hooks.slack.com/***: 404: no_service · 3 waiting · 1 dropped: too many, too old or refused · what waits is not on disk: disk full",
		"told 4: what waits is not on disk: disk full · last " + in.clock(now), "ready: what waits is not on disk: disk full",
	}
	for i, row := range got {
		if text := row.text + ": " + row.means; text != want[i] {
			t.Errorf("%s: got %s", row.name, text)
		}
	}
}

// The line about ourselves says what it measures, and Enter where it goes.
func TestAboutMe(t *testing.T) {
	t.Parallel()
	s := store.New()
	own := store.NewCell(s, store.OwnKey(), store.Source{Every: 5 * time.Second})
	statements := store.NewCell(s, store.StatementsKey(), store.Source{Every: 10 * time.Second})
	tables := store.NewCell(s, store.TablesKey(), store.Source{Every: 15 * time.Second})
	tables.Pace(30*time.Second, "read every 30 s instead of 15 s: one reading takes 1.8 s")
	own.Put(model.Own{Connections: 3, Statements: 214, Busy: 5400 * time.Millisecond, Bytes: 1_300_000, Sources: []model.OwnSource{
		{Name: "pg.tables", Busy: 5 * time.Second}, {Name: "pg.activity", Busy: 400 * time.Millisecond}}}, time.Now(), 0)
	in := In{View: s.View(), Width: 150, Height: 40}
	row := ownItems(in)[0]
	if row.text != "9.00 %" || row.means != "of a core at most · 3 connections, 214 statements, 1.24 MiB a minute" {
		t.Errorf("%s %s", row.text, row.means)
	}
	statements.Put(model.Statements{Elapsed: 10 * time.Second, Rows: []model.Statement{
		{Text: "SELECT /* tocsin */ 1", StatementWork: model.StatementWork{Total: 300 * time.Millisecond}}, {Text: "SELECT 1", StatementWork: model.StatementWork{Total: 9 * time.Second}},
		{Text: "WITH /* tocsin */ x AS", StatementWork: model.StatementWork{Total: 100 * time.Millisecond}},
	}}, time.Now(), 0)
	in.View = s.View()
	if row := ownItems(in)[0]; !strings.HasPrefix(row.means, "of a core at most, the server counts 4.00 % · 3 connections") {
		t.Errorf("%s", row.means)
	}
	text := linesText(serverDetail(in, row.key))
	for _, want := range []string{"9.00 %: from sending a statement", "4.00 % (pg_stat_statements)", "pg.tables", "5.0 s", "8.33 %", "one reading takes 1.8 s"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}
