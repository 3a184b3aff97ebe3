package pg

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/internal/model"
)

// namedTable is a table or an index as the catalogue knows it.
type namedTable struct {
	OID    int64
	Quoted string
}

const (
	// tableByFullName takes the name as people write it, case and all, without
	// quotes, or as we give it. It finds two where "a.b" has a table c and "a" a
	// table "b.c". It needs no right on the schema.
	tableByFullName = `SELECT c.oid::bigint AS oid, format('%I.%I', n.nspname, c.relname) AS quoted
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind::text = ANY ($2) AND (n.nspname || '.' || c.relname = $1 OR format('%I.%I', n.nspname, c.relname) = $1 OR c.relname = $1 AND pg_table_is_visible(c.oid))`
	// tableBySQLName takes the name as SQL writes it: folded, or in quotes.
	tableBySQLName = `SELECT c.oid::bigint AS oid, format('%I.%I', n.nspname, c.relname) AS quoted
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind::text = ANY ($2) AND c.oid = to_regclass($1)`
)

// QuoteTable finds a table or materialised view by its name, "schema.name" or
// a name on the search path, and returns it quoted for use in a statement. The
// name is taken as it is, case and all; a name in double quotes as SQL does.
func (s *Server) QuoteTable(ctx context.Context, name string) (quoted string, oid int64, err error) {
	conn, err := s.Spare(ctx)
	if err != nil {
		return "", 0, err
	}
	defer conn.Close()
	return conn.QuoteTable(ctx, name)
}

// QuoteTable is [Server.QuoteTable] on this connection.
func (c *Conn) QuoteTable(ctx context.Context, name string) (quoted string, oid int64, err error) {
	return c.quoteRelation(ctx, "table", name, []string{"r", "p", "m"})
}

// QuoteIndex is [Conn.QuoteTable] for an index.
func (c *Conn) QuoteIndex(ctx context.Context, name string) (quoted string, oid int64, err error) {
	return c.quoteRelation(ctx, "index", name, []string{"i", "I"})
}

// quoteRelation finds what is called name among the relations of some kinds
// (pg_class.relkind), of which word says what they are.
func (c *Conn) quoteRelation(ctx context.Context, word, name string, kinds []string) (quoted string, oid int64, err error) {
	a := c.asked()
	found, err := queryRaw[namedTable](ctx, c, tableByFullName, name, kinds)
	if err == nil && len(found) == 0 {
		found, err = queryRaw[namedTable](ctx, c, tableBySQLName, name, kinds)
	}
	switch {
	case badName(err), err == nil && len(found) == 0:
		text := fmt.Sprintf("there is no %s %s in database %s", word, name, c.server.Database())
		return "", 0, &model.Fail{Class: model.Missing, Text: text}
	case err != nil:
		return "", 0, fmt.Errorf("look up %s %s: %w", word, name, a.fail(ctx, err))
	case len(found) > 1:
		text := fmt.Sprintf("%s name %s means both %s and %s", word, name, found[0].Quoted, found[1].Quoted)
		return "", 0, &model.Fail{Class: model.Broken, Text: text, Hint: "write it with double quotes"}
	}
	return found[0].Quoted, found[0].OID, nil
}

// badName recognises a text that cannot be read as a name, such as one with an
// open quote.
func badName(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.Code == "42602"
}
