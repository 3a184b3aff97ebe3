-- Indexes that are exactly alike, the one to keep first. One that is invalid replaces none.
SELECT array_agg(c.oid::bigint ORDER BY i.indisprimary DESC, i.indisunique DESC, c.oid) AS same
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indrelid >= 16384 AND i.indisvalid AND i.indisready
GROUP BY i.indrelid, c.relam, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text, i.indnkeyatts,
  i.indexprs::text, i.indpred::text
HAVING count(*) > 1
