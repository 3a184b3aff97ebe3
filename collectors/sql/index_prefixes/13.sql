-- Indexes whose columns are the first ones of a longer index.
SELECT a.indexrelid::bigint AS redundant, min(b.indexrelid::bigint) AS covered_by
FROM pg_index AS a
JOIN pg_index AS b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid
JOIN pg_class AS ca ON ca.oid = a.indexrelid
JOIN pg_class AS cb ON cb.oid = b.indexrelid AND cb.relam = ca.relam
JOIN pg_am AS m ON m.oid = ca.relam AND m.amname = 'btree'
WHERE a.indrelid >= 16384 AND NOT a.indisunique AND a.indisvalid AND b.indisvalid
  AND a.indexprs IS NULL AND b.indexprs IS NULL AND a.indpred IS NULL AND b.indpred IS NULL
  AND b.indnkeyatts > a.indnkeyatts
  AND (b.indkey::int2[])[0:a.indnkeyatts - 1] = (a.indkey::int2[])[0:a.indnkeyatts - 1]
  AND (b.indclass::oid[])[0:a.indnkeyatts - 1] = (a.indclass::oid[])[0:a.indnkeyatts - 1]
  AND (b.indcollation::oid[])[0:a.indnkeyatts - 1] = (a.indcollation::oid[])[0:a.indnkeyatts - 1]
  AND (b.indoption::int2[])[0:a.indnkeyatts - 1] = (a.indoption::int2[])[0:a.indnkeyatts - 1]
GROUP BY 1
