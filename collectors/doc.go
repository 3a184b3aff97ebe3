// Package collectors holds what tocsin can read: one file per source, each
// with one type whose Collect reads one typed snapshot, and the SQL of the
// PostgreSQL ones in sql/NAME/N.sql. It must not know when it is called, what
// is done with a snapshot, or that there is a screen.
package collectors
