package cli

import (
	"time"

	"tocsin/collectors"
	"tocsin/internal/config"
	"tocsin/internal/pg"
	"tocsin/internal/sched"
	"tocsin/internal/store"
)

// replicaEvery is how often a server is asked about standbys that it has to
// have: each answer costs it two milliseconds.
const replicaEvery = 5 * time.Second

// standbyNames are those of the standbys that have to follow.
func standbyNames(list []config.Standby) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Name)
	}
	return out
}

// addStandbys adds what the standbys with an address say of themselves, each
// over a connection of its own and in a group of its own, so that one that
// does not answer holds up nobody.
func (p *program) addStandbys(list []config.Standby) error {
	p.standbys = map[string]*pg.Server{}
	for _, c := range list {
		if c.DSN == "" {
			continue
		}
		server, err := pg.Open(pg.Config{DSN: c.DSN, Password: p.secretOf("standby "+c.Name, c.Password)})
		if err != nil {
			return err
		}
		p.standbys[c.Name] = server
		p.closers = append(p.closers, server.Close)
		add(p, store.StandbyKey(c.Name), collectors.Standby{Server: server, Name: c.Name}, sched.Timing{
			Every: replicaEvery, Timeout: pg.FastLimit + time.Second, Group: "standby " + c.Name, Retry: firstRetry, MaxWait: longestRetry,
		})
	}
	return nil
}
