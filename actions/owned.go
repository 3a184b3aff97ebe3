package actions

import "fmt"

// owned is whose a table is, with the names as a statement wants them: a role
// or a schema may be called anything. Source: pg_class, pg_namespace, pg_roles.
type owned struct {
	Me         string // our own role
	Owner      string
	OwnerSuper bool   // the owner is a superuser
	Quoted     string // schema and name
	Schemed    string // schema
	Looks      bool   // USAGE on the schema
}

// ownedColumns are the columns of an [owned], of c (pg_class) and n (pg_namespace).
const ownedColumns = ` quote_ident(current_user) AS me, quote_ident(pg_get_userbyid(c.relowner)) AS owner,
  coalesce((SELECT o.rolsuper FROM pg_roles o WHERE o.oid = c.relowner), false) AS owner_super,
  format('%I.%I', n.nspname, c.relname) AS quoted, quote_ident(n.nspname) AS schemed, has_schema_privilege(n.oid, 'USAGE') AS looks,`

// onlyOwner says that a right goes with the ownership, and how to get it. Who
// is given a superuser's role could do everything, so that is not offered.
func (o owned) onlyOwner() string {
	if o.OwnerSuper {
		return fmt.Sprintf("only its owner %s may, which is a superuser: run it as that role", o.Owner)
	}
	return fmt.Sprintf("only its owner %s may: GRANT %s TO %s", o.Owner, o.Owner, o.Me)
}

// closed says that no table of the schema can be named; "" when they can.
func (o owned) closed() string {
	if o.Looks {
		return ""
	}
	return fmt.Sprintf("role %s may not use schema %s: GRANT USAGE ON SCHEMA %s TO %s", o.Me, o.Schemed, o.Schemed, o.Me)
}
