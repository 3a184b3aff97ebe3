package alert

import (
	"strconv"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// blameReplay says why a standby is behind, where it tells by itself, and
// offers to let a paused replay go on.
func (s *scene) blameReplay(c *candidate, name string) {
	own, why := s.standbyItself(name)
	switch {
	case why != "":
		c.Evidence = append(c.Evidence, "why is not known: "+why)
	case own.Receiver.Paused:
		c.Summary += ": its replay is paused"
		c.Evidence = append(c.Evidence, lines(unreplayed(own.Receiver, " are received and not replayed"))...)
		args := map[string]string{}
		if name != model.ThisServer {
			args["standby"] = name
		}
		c.act("pg.replay.resume", args)
	case own.Conflict != nil:
		c.Summary += ": its replay waits for " + inTheWay(*own.Conflict)
		c.Evidence = append(c.Evidence, "the replay is in "+own.Conflict.Waits+"; what is in its way has to end on the standby")
	case own.Receiver.Status == "" && own.Hidden == "" && name != model.ThisServer:
		c.Summary += ": it receives nothing"
	case own.Receiver.Unreplayed != nil && *own.Receiver.Unreplayed < 1<<20:
		c.Evidence = append(c.Evidence, "it has replayed all but "+unreplayed(own.Receiver, " of what it received: the log comes late"))
	default:
		c.Evidence = append(c.Evidence, lines(unreplayed(own.Receiver, " are received and not replayed"))...)
	}
}

// standbyItself is what a standby says of itself, or why that is not known.
func (s *scene) standbyItself(name string) (own model.Standby, why string) {
	if name == model.ThisServer {
		r, _ := known(s, store.ReplicationKey())
		if r.Receiver == nil {
			return own, "it tells nothing"
		}
		return model.Standby{Name: name, Follows: true, Receiver: *r.Receiver}, ""
	}
	sample, ok := store.Get(s.v, store.StandbyKey(name))
	switch {
	case !ok:
		return own, "its address is not in the configuration (postgres.standbys)"
	case sample.Fail != nil:
		return own, sample.Fail.Text
	case sample.At.IsZero():
		return own, "it was not asked yet"
	case !sample.Value.Follows:
		return own, "the server at its address was promoted"
	}
	return sample.Value, ""
}

// unreplayed says how much a standby has before it; "" where that is not known.
func unreplayed(r model.Receiver, text string) string {
	if r.Unreplayed == nil {
		return ""
	}
	return number(float64(*r.Unreplayed), model.Bytes) + text
}

// inTheWay names the session that a replay waits for.
func inTheWay(c model.Conflict) string {
	if c.PID == 0 {
		return "a session on it that cannot be seen"
	}
	text := "pid " + strconv.Itoa(c.PID) + " on it"
	if who := owner(model.Session{App: c.App, Role: c.Role}); who != "" {
		text += ", " + who
	}
	if c.State != "" {
		text += ", " + c.State
	}
	if c.For != nil {
		text += ", for " + ago(*c.For)
	}
	return text
}
