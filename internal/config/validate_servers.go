package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

func (c *checker) postgres(path []any, p *Postgres) *Postgres {
	if p == nil {
		return nil
	}
	own := *p
	c.dsn(at(path, "dsn"), p.DSN, "host=… user=… dbname=…")
	own.Standbys = nil
	for i, s := range p.Standbys {
		own.Standbys = append(own.Standbys, c.standby(at(path, "standbys", i), s, p.Standbys[:i]))
	}
	own.Password = c.secret(at(path, "password"), p.Password)
	return &own
}

// standby checks one of the standbys; before are those that stand before it.
func (c *checker) standby(path []any, s Standby, before []Standby) Standby {
	switch {
	case s.Name == "" || slices.ContainsFunc(before, func(b Standby) bool { return b.Name == s.Name }):
		c.refuse(path, "give each standby once, by its application_name")
	case s.DSN != "":
		c.dsn(at(path, "dsn"), s.DSN, "")
	case s.Password != nil:
		c.refuse(at(path, "password"), "a password without dsn: give the address of the standby")
	}
	s.Password = c.secret(at(path, "password"), s.Password)
	return s
}

// dsn checks that a connection string is there and holds no password.
func (c *checker) dsn(path []any, text, example string) {
	switch {
	case strings.TrimSpace(text) == "":
		c.refuse(path, "dsn is missing: %q", example)
	case holdsPassword(text):
		c.refuse(path, "a password does not belong in dsn: move it to password: {file: …}, {env: …} or {command: […]}")
	}
}

func (c *checker) pgbouncer(path []any, b *PgBouncer) *PgBouncer {
	if b == nil {
		return nil
	}
	own := *b
	c.dsn(at(path, "dsn"), b.DSN, "host=… port=6432 user=…")
	own.Password = c.secret(at(path, "password"), b.Password)
	return &own
}

// holdsPassword tells whether a connection string carries a password.
func holdsPassword(dsn string) bool {
	if strings.Contains(dsn, "://") {
		u, err := url.Parse(dsn)
		if err != nil {
			return false // the server's own parser says what is wrong with it
		}
		_, ok := u.User.Password()
		return ok || u.Query().Has("password")
	}
	return regexp.MustCompile(`(^|\s)password\s*=`).MatchString(dsn)
}

func (c *checker) vercel(path []any, v *Vercel) *Vercel {
	if v == nil {
		return nil
	}
	own := *v
	if v.Project == "" {
		c.refuse(path, "project is missing")
	}
	if v.Token == nil {
		c.refuse(path, "token is missing: {file: …}, {env: …} or {command: […]}")
	}
	orElse(&own.BaseURL, "https://api.vercel.com")
	c.address(at(path, "base_url"), own.BaseURL, "http", "https")
	own.Token = c.secret(at(path, "token"), v.Token)
	for i, text := range v.Protected {
		_, err := netip.ParsePrefix(text)
		if _, err2 := netip.ParseAddr(text); err != nil && err2 != nil {
			c.refuse(at(path, "protected", i), "not an address like 203.0.113.7, nor a prefix like 203.0.113.0/24")
		}
	}
	return &own
}

func (c *checker) deploy(path []any, d *Deploy) {
	if d == nil {
		return
	}
	for _, command := range []struct {
		name  string
		argv  []string
		needs bool // the id of a build
	}{{"list", d.List, false}, {"rollback", d.Rollback, true}, {"promote", d.Promote, true}} {
		switch {
		case len(command.argv) == 0 && command.name == "promote":
		case len(command.argv) == 0 || command.argv[0] == "":
			c.refuse(path, "%s is missing: a program with its arguments", command.name)
		case command.needs && !strings.Contains(strings.Join(command.argv[1:], " "), "{id}"):
			c.refuse(at(path, command.name), "no argument says {id}, the build to make live")
		}
	}
}

// secret checks a reference; it does not read the secret.
func (c *checker) secret(path []any, r *SecretRef) *SecretRef {
	if r == nil {
		return nil
	}
	own, given := *r, 0
	for _, set := range []bool{r.File != "", r.Env != "", len(r.Command) > 0} {
		if set {
			given++
		}
	}
	if given != 1 {
		c.refuse(path, "give one of file, env or command")
	}
	own.File = c.file.absolute(r.File)
	return &own
}
