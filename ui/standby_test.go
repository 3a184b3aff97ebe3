package ui

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func TestWhatAStandbySaysOfItself(t *testing.T) {
	streaming := model.Receiver{Status: "streaming", From: "10.0.3.4", Unreplayed: ptr(int64(95 << 20))}
	paused := streaming
	paused.Paused = true
	tests := []struct {
		name   string
		own    *model.Standby // nil: no address
		fail   *model.Fail
		row    []string
		detail []string
		args   string
	}{
		{"no address", nil, nil, []string{"streaming"}, []string{"not asked: its address is not in the configuration"}, ""},
		{"calm", &model.Standby{Name: "r1", Follows: true, Receiver: streaming}, nil, []string{"streaming"}, []string{"streaming from 10.0.3.4", "goes on"}, "r1"},
		{"paused", &model.Standby{Name: "r1", Follows: true, Receiver: paused}, nil,
			[]string{"! replay paused", "95.0 MiB received and not replayed"}, []string{"paused (pg_wal_replay_pause)"}, "r1"},
		{"in conflict", &model.Standby{
			Name: "r1", Follows: true, Receiver: streaming,
			Conflict: &model.Conflict{Waits: "RecoveryConflictSnapshot", PID: 812, App: "report", State: "active", For: ptr(3 * time.Minute)},
		}, nil, []string{"! replay waits", "for pid 812 on it, report, active, for 3m00s"}, []string{"waits for pid 812 on it", "(RecoveryConflictSnapshot)"}, "r1"},
		{"promoted", &model.Standby{Name: "r1"}, nil, []string{"was promoted"}, []string{"it was promoted and follows nobody"}, "r1"},
		{"silent", &model.Standby{}, &model.Fail{Class: model.Down, Text: "connect to db2:5432: no answer for 2 s"},
			[]string{"does not tell itself: ", "no answer for 2 s"}, []string{"no answer for 2 s"}, "r1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := store.New()
			now := time.Now()
			replication := store.NewCell(s, store.ReplicationKey(), store.Source{Every: time.Minute})
			replication.Put(model.Replication{Replicas: []model.Replica{{PID: 7, Name: "r1", State: "streaming", Sync: "async", LagBytes: ptr(int64(1 << 20))}}}, now, 0)
			if tt.own != nil {
				own := store.NewCell(s, store.StandbyKey("r1"), store.Source{Every: time.Minute})
				if tt.fail != nil {
					own.Fail(tt.fail, now, 0)
				} else {
					own.Put(*tt.own, now, 0)
				}
			}
			in := In{View: s.View(), Width: 160, Height: 48}
			row := replicationFrame(in).Table.Rows[0]
			var cells []string
			for _, c := range row.Cells {
				cells = append(cells, c.Text)
			}
			for _, want := range tt.row {
				if got := strings.Join(cells, "|"); !strings.Contains(got, want) {
					t.Errorf("row %q, want %q", got, want)
				}
			}
			for _, want := range tt.detail {
				if got := linesText(replicationDetail(in, row.Key)); !strings.Contains(got, want) {
					t.Errorf("detail without %q:\n%s", want, got)
				}
			}
			if row.Args["standby"] != tt.args {
				t.Errorf("args %v, want standby %q", row.Args, tt.args)
			}
		})
	}
}

// A slot that keeps log or holds back the vacuum can be dropped from its row.
func TestSlotsAreForActions(t *testing.T) {
	for _, row := range []Row{slotRow(In{}, model.Slot{Name: "r0"}), holderRow(model.Holder{Kind: "slot", Name: "r0"})} {
		if row.Args["slot"] != "r0" {
			t.Errorf("%s has args %v", row.Key, row.Args)
		}
	}
}
