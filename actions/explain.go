package actions

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

const (
	// explainLimit bounds the whole of an explanation, and explainLookup each
	// look at the statements: their texts are read from a file.
	explainLimit  = 15 * time.Second
	explainLookup = "SET statement_timeout = '5s'"
	// explainLongest is the longest statement that is planned, in characters.
	explainLongest = 200_000
)

// Explain declares the plan of a statement as pg_stat_statements knows it,
// without its values and without running it. server is nil where no PostgreSQL
// is configured.
func Explain(server *pg.Server) Action {
	return Action{
		ID: "pg.explain", Title: "Explain statement", Verb: "plan", Key: 'e', On: "statements", Danger: Read,
		Params: []Param{
			{Name: "queryid", Type: TypeQueryID, Help: "of pg_stat_statements"},
			{Name: "dbid", Type: TypeOID, Optional: true, Help: "oid of its database; without it, this one"},
			{Name: "userid", Type: TypeOID, Optional: true, Help: "oid of the role that runs it; without it, the one that takes most time"},
		},
		Blocked: noServer(server),
		Plan: func(ctx context.Context, args Args) (Plan, error) {
			conn, err := server.Spare(ctx)
			if err != nil {
				return Plan{}, err
			}
			defer conn.Close()
			s, err := findStatement(ctx, conn, args)
			if err != nil {
				return Plan{}, err
			}
			return s.plan(), nil
		},
		Run: func(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
			return runExplain(ctx, server, p)
		},
	}
}

// statement is an entry of pg_stat_statements.
type statement struct {
	Schema   string // of the extension, quoted
	QueryID  int64
	DBID     int64
	UserID   int64
	Database string // "" for one that is gone
	Role     string // "" for one that is gone
	Here     bool   // in the database that we are in
	Ours     string // the name of that
	Me       string // our role
	Path     string // search_path of the role in this database, as far as the catalogue has it
}

const (
	explainSchemaSQL = `
SELECT quote_ident(n.nspname) AS schema, current_database()::text AS ours, current_user::text AS me, pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all
FROM (SELECT) one LEFT JOIN pg_extension e ON e.extname = 'pg_stat_statements' LEFT JOIN pg_namespace n ON n.oid = e.extnamespace`

	// explainEntrySQL finds the entry without loading any text.
	explainEntrySQL = `
SELECT $4::text AS schema, s.queryid AS query_id, s.dbid::bigint AS db_id, s.userid::bigint AS user_id,
  coalesce(d.datname, '')::text AS database, coalesce(r.rolname, '')::text AS role,
  coalesce(d.datname = current_database(), false) AS here, current_database()::text AS ours, current_user::text AS me,
  replace(coalesce((SELECT substr(c.one, 13) FROM pg_db_role_setting x, unnest(x.setconfig) AS c(one)
    WHERE c.one LIKE 'search\_path=%%' AND x.setrole IN (0, s.userid) AND x.setdatabase IN (0, s.dbid)
    ORDER BY x.setrole <> 0 DESC, x.setdatabase <> 0 DESC LIMIT 1), current_setting('search_path')),
    '"$user"', format('%%I', coalesce(r.rolname, 'public'))) AS path
FROM %s.pg_stat_statements(showtext := false) s
LEFT JOIN pg_database d ON d.oid = s.dbid LEFT JOIN pg_roles r ON r.oid = s.userid
WHERE s.queryid = $1 AND ($2::bigint = 0 OR s.dbid = $2::bigint::oid) AND ($3::bigint = 0 OR s.userid = $3::bigint::oid)
ORDER BY here DESC, s.total_exec_time DESC LIMIT 1`

	// explainTextSQL costs the server as much as reading all texts: it is asked
	// only for a statement that somebody wants to see.
	explainTextSQL = `
SELECT coalesce(left(s.query, $4::int), '') FROM %s.pg_stat_statements(showtext := true) s
WHERE s.queryid = $1 AND s.dbid = $2::bigint::oid AND s.userid = $3::bigint::oid LIMIT 1`
)

// findStatement looks a statement up by what the arguments say of it.
func findStatement(ctx context.Context, conn *pg.Conn, args Args) (statement, error) {
	if _, _, err := conn.Exec(ctx, explainLookup); err != nil {
		return statement{}, err
	}
	schema, me, seesAll, ours := (*string)(nil), "", false, ""
	if err := conn.QueryRow(ctx, explainSchemaSQL).Scan(&schema, &ours, &me, &seesAll); err != nil {
		return statement{}, err
	}
	if schema == nil {
		return statement{}, &model.Fail{
			Class: model.Missing, Text: "the extension pg_stat_statements is not in database " + ours,
			Hint: "CREATE EXTENSION pg_stat_statements",
		}
	}
	found, err := pg.Query[statement](ctx, conn, fmt.Sprintf(explainEntrySQL, *schema), number(args["queryid"]), number(args["dbid"]), number(args["userid"]), *schema)
	if err != nil {
		return statement{}, fmt.Errorf("look the statement up: %w", err)
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case !seesAll:
		return statement{}, &model.Fail{
			Class: model.Denied, Text: fmt.Sprintf("role %s may see no statement %s", me, args["queryid"]), Hint: "GRANT pg_monitor TO " + me,
		}
	}
	return statement{}, fmt.Errorf("pg_stat_statements has no statement %s: it was reset, or threw it out", args["queryid"])
}

// number is an argument that was checked to be one; 0 where it was left out.
func number(arg string) int64 {
	n, _ := strconv.ParseInt(arg, 10, 64)
	return n
}

func (s statement) plan() Plan {
	p := Plan{
		Target: strconv.FormatInt(s.QueryID, 10),
		Args:   Args{"queryid": strconv.FormatInt(s.QueryID, 10), "dbid": oidText(s.DBID), "userid": oidText(s.UserID)},
		Steps:  []string{"EXPLAIN (FORMAT JSON, VERBOSE) of its normalised text, as prepared, in a read-only transaction"},
		Notes:  []Note{{"will not", "run it: the server plans it for any values of its parameters"}},
	}
	if !s.Here {
		p.Refuse = fmt.Sprintf("it runs in database %s, and a plan can only be made there: tocsin is connected to %s", nameOr(s.Database, oidText(s.DBID)), s.Ours)
	}
	return p
}

func nameOr(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

// runExplain plans the statement as it is now, and says what stands out.
func runExplain(ctx context.Context, server *pg.Server, p Plan) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, explainLimit)
	defer cancel()
	conn, err := server.Spare(ctx)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close()
	s, err := findStatement(ctx, conn, p.Args)
	if err != nil {
		return Result{}, err
	}
	text, err := s.text(ctx, conn)
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	answer, err := conn.Explain(ctx, text, s.Path)
	if err != nil {
		return Result{Found: foundText(text)}, s.unplanned(err)
	}
	took := time.Since(began)
	plans, err := readPlans(answer)
	if err != nil {
		return Result{Found: foundText(text)}, err
	}
	seen, err := readSurroundings(ctx, conn, plans)
	if err != nil {
		return Result{}, err
	}
	return Result{Done: p.Steps, Summary: plans.summary(took), Found: append(plans.found(seen), foundText(text)...)}, nil
}

// text is the normalised statement in full.
func (s statement) text(ctx context.Context, conn *pg.Conn) (string, error) {
	var text string
	err := conn.QueryRow(ctx, fmt.Sprintf(explainTextSQL, s.Schema), s.QueryID, s.DBID, s.UserID, explainLongest+1).Scan(&text)
	switch {
	case pg.NoRow(err):
		return "", errors.New("it was thrown out of pg_stat_statements just now")
	case err != nil:
		return "", fmt.Errorf("read its text: %w", err)
	case text == "":
		return "", errors.New("pg_stat_statements has lost its text: it comes back after a reset")
	case len([]rune(text)) > explainLongest:
		return "", fmt.Errorf("it is longer than %d characters", explainLongest)
	}
	return text, nil
}

// unplanned says why the server could not plan a statement.
func (s statement) unplanned(err error) error {
	const cannot = "it cannot be planned from its normalised text"
	switch code := pg.SQLState(err); code {
	case "":
		return err // of the connection, or a limit of time
	case "55P03":
		return fmt.Errorf("a table of it is locked (view 1 says by whom): %w", err)
	case "42501":
		return fmt.Errorf("planning it takes the rights that running it takes: %w: for what only reads, GRANT SELECT ON its tables TO %s", err, s.Me)
	case "42P01", "42883", "42704", "3F000": // table, function, type or operator, schema
		return fmt.Errorf("%s: %w (looked for in %s, the search_path of role %s)", cannot, err, s.Path, nameOr(s.Role, "that is gone"))
	case "42601":
		return fmt.Errorf("%s: %w: a value was taken out where none but a value may stand, or it is cut", cannot, err)
	default:
		return fmt.Errorf("%s: %w", cannot, err)
	}
}

// foundText is the statement, line by line.
func foundText(text string) []Found {
	lines := []Found{{Text: "statement", Head: true}}
	for line := range strings.Lines(text) {
		lines = append(lines, Found{Text: strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), "\r\n ")})
	}
	return lines
}
