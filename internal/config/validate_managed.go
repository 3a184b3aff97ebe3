package config

import "regexp"

func (c *checker) redis(path []any, r *Redis) *Redis {
	if r == nil {
		return nil
	}
	own := *r
	switch {
	case (r.URL == "") == (r.RESTURL == ""):
		c.refuse(path, "give either url or rest_url")
	case r.URL != "":
		c.address(at(path, "url"), r.URL, "redis", "rediss", "unix")
	default:
		c.address(at(path, "rest_url"), r.RESTURL, "https", "http")
	}
	if (r.RESTURL == "") != (r.RESTToken == nil) {
		c.refuse(path, "rest_url and rest_token belong together")
	}
	own.Password = c.secret(at(path, "password"), r.Password)
	own.RESTToken = c.secret(at(path, "rest_token"), r.RESTToken)
	own.CA = c.existing(at(path, "ca"), r.CA)
	own.Upstash = c.upstash(at(path, "upstash"), r.Upstash)
	return &own
}

func (c *checker) upstash(path []any, u *Upstash) *Upstash {
	if u == nil {
		return nil
	}
	own := *u
	if u.Database == "" || u.Email == "" || u.APIKey == nil {
		c.refuse(path, "upstash needs database, email and api_key")
	}
	orElse(&own.BaseURL, "https://api.upstash.com/v2")
	c.address(at(path, "base_url"), own.BaseURL, "http", "https")
	own.APIKey = c.secret(at(path, "api_key"), u.APIKey)
	return &own
}

func (c *checker) supabase(path []any, s *Supabase) *Supabase {
	if s == nil {
		return nil
	}
	own := *s
	switch {
	case s.Project == "":
		c.refuse(path, "project is missing: the reference of the project, 20 letters")
	case !regexp.MustCompile(`^[a-z]{20}$`).MatchString(s.Project):
		c.refuse(at(path, "project"), "%q is not a reference: 20 lower-case letters, as in https://REFERENCE.supabase.co", s.Project)
	}
	if s.Token == nil {
		c.refuse(path, "token is missing: {file: …}, {env: …} or {command: […]}")
	}
	orElse(&own.BaseURL, "https://api.supabase.com")
	c.address(at(path, "base_url"), own.BaseURL, "http", "https")
	if s.MetricsURL != "" {
		c.address(at(path, "metrics_url"), s.MetricsURL, "http", "https")
	}
	own.Token = c.secret(at(path, "token"), s.Token)
	own.MetricsKey = c.secret(at(path, "metrics_key"), s.MetricsKey)
	return &own
}
