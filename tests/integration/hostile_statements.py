"""Further statements made to harm the server: doors to files, settings and networks, and bombs."""

from typing import Final

LONG: Final = "repeat('ab', 10000)"

DOORS: Final = {
    "reading a text file": "SELECT content FROM read_text('/etc/passwd')",
    "reading a file of bytes": "SELECT content FROM read_blob('/etc/shadow')",
    "listing files": "SELECT * FROM glob('/**')",
    "a file as a table": "SELECT * FROM '/etc/passwd'",
    "a file behind a CTE's name": 'WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM (SELECT * FROM "/etc/passwd")',
    "sniffing a file": "SELECT * FROM sniff_csv('/etc/passwd')",
    "a page of others": "SELECT * FROM read_json('http://169.254.169.254/latest/meta-data/')",
    "metadata of Parquet": "SELECT * FROM parquet_metadata('/tmp/*.parquet')",
    "the environment": "SELECT getenv('HOME')",
    "a variable": "SELECT getvariable('x')",
    "what is set": "SELECT * FROM duckdb_settings()",
    "secrets": "SELECT * FROM duckdb_secrets()",
    "which secret": "SELECT * FROM which_secret('s3://bucket/key', 's3')",
    "the log of the engine": "SELECT * FROM duckdb_logs()",
    "memory of the engine": "SELECT * FROM duckdb_memory()",
    "files that are open": "SELECT * FROM duckdb_temporary_files()",
    "a statement within one": "SELECT * FROM query('COPY (SELECT 1) TO ''/tmp/x.csv''')",
    "a table by its name": "SELECT * FROM query_table('duckdb_settings')",
    "SQL as JSON": "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "a checkpoint": "SELECT * FROM checkpoint()",
    "writing a file": "COPY (SELECT * FROM tickets) TO '/tmp/tickets.csv'",
    "writing as JSON of another engine": "COPY tickets TO '/tmp/t.json' (FORMAT json, PARTITION_BY (team))",
    "writing by a program": "COPY (SELECT 1) TO '/dev/stdout' WITH (FORMAT csv)",
    "exporting all": "EXPORT DATABASE '/tmp/everything'",
    "attaching a file": "ATTACH '/tmp/other.duckdb' AS other",
    "attaching what is remote": "ATTACH 'https://example.org/db.duckdb' AS other (READ_ONLY)",
    "installing": "INSTALL httpfs FROM 'http://example.org'",
    "loading": "LOAD '/tmp/evil.duckdb_extension'",
    "a pragma": "PRAGMA database_list",
    "a pragma that sets": "PRAGMA memory_limit='1TB'",
    "a setting": "SET enable_external_access = true",
    "a global setting": "SET GLOBAL lock_configuration = false",
    "a setting of logs": "CALL enable_logging(storage = 'file', storage_config = {'path': '/tmp/l'})",
    "a secret": "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "a macro": "CREATE MACRO m(a) AS a || a",
    "a macro of a table": "CREATE OR REPLACE TEMP MACRO tickets() AS TABLE SELECT 1",
    "a view over another": "CREATE OR REPLACE VIEW tickets AS SELECT 1",
    "a trigger of types": "CREATE TYPE mood AS ENUM (SELECT ticket_id FROM tickets)",
    "a prepared statement": "PREPARE p AS SELECT 1",
    "an executed one": "EXECUTE IMMEDIATE 'SELECT 1'",
    "a variable that is set": "SET VARIABLE x = (SELECT list(i) FROM range(1000000000) AS t(i))",
    "two statements": "SELECT 1; ATTACH ':memory:' AS other",
    "changing rows with RETURNING": "WITH gone AS (DELETE FROM tickets RETURNING *) SELECT * FROM gone",
    "merging into a view": "MERGE INTO tickets USING (SELECT 1 AS i) s ON TRUE WHEN MATCHED THEN DELETE",
    "a catalog": "SELECT * FROM information_schema.tables",
    "a catalog of postgres": "SELECT * FROM pg_catalog.pg_class",
    "another schema": "SELECT * FROM temp.main.tickets",
    "the plan's door": "SELECT json_serialize_plan('SELECT 1')",
    "a sequence": "SELECT nextval('s')",
    "a file's name as a list": "FROM read_csv(['/etc/passwd', '/etc/group'])",
}
"""Each of these is refused before anything runs."""

BOMBS: Final = {
    "pivot of many columns": "PIVOT (SELECT i, i % 100000 AS k FROM range(10000000) AS t(i)) ON k USING SUM(i)",
    "pivot of listed columns": "SELECT * FROM (SELECT i, i % 7 AS k FROM range(10000000000) AS t(i)) "
    "PIVOT (SUM(i) FOR k IN (0, 1, 2, 3, 4, 5, 6))",
    "unnested within unnested": "SELECT COUNT(*) FROM (SELECT unnest(range(10000)) AS a), "
    "(SELECT unnest(range(10000)) AS b), (SELECT unnest(range(10000)) AS c)",
    "unnested structs": "SELECT unnest(list_transform(range(10000), lambda x: {'a': {'b': {'c': range(x)}}}), "
    "recursive := true)",
    "comprehension of a comprehension": "SELECT len([[x * y * z for z in range(10000)] for x in range(10000) "
    "for y in range(10000)])",
    "nested comprehensions": "SELECT list_sum([list_sum([list_sum([a * b * c for c in range(10000)]) "
    "for b in range(10000)]) for a in range(10000)])",
    "filtering lambdas": "SELECT list_filter(range(10000), lambda x: len(list_filter(range(10000), "
    "lambda y: len(list_filter(range(10000), lambda z: z % (x + 1) = y)) > 0)) > 0)",
    "sets that grow by recursion": "WITH RECURSIVE a(l) AS (SELECT [1] UNION ALL SELECT list_concat(l, l) FROM a) "
    "SELECT MAX(len(l)) FROM a",
    "recursion with keys": "WITH RECURSIVE a(n, m) USING KEY (n) AS (SELECT 1, 1 UNION ALL SELECT n + 1, m FROM a) "
    "SELECT COUNT(*) FROM a",
    "recursion in two": "WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT (n * 48271) % 2147483647 FROM a), "
    "b(n) AS (SELECT n FROM a UNION SELECT n + 1 FROM b) SELECT COUNT(*) FROM b",
    "paths of a large JSON": "SELECT json_extract(CAST(json_group_array({'a': i, 'b': [i, i]}) AS VARCHAR), '$..b') "
    "FROM range(100000000) AS t(i)",
    "deep JSON": "WITH RECURSIVE a(j, n) AS (SELECT CAST('[1]' AS VARCHAR), 0 UNION ALL SELECT '[' || j || ']', n + 1 "
    "FROM a) SELECT MAX(length(CAST(CAST(j AS JSON) AS VARCHAR))) FROM a",
    "transformed JSON": "SELECT json_transform(string_agg('{\"a\": ' || i || '}', ''), '{\"a\": \"BIGINT\"}') "
    "FROM range(1000000000) AS t(i)",
    "likes": f"SELECT COUNT(*) FROM range(100000000) AS t(i) WHERE {LONG} || i LIKE '%a%b%a%b%a%b%a%b%a%b%z'",
    "similar to": f"SELECT COUNT(*) FROM range(100000000) AS t(i) WHERE {LONG} || i SIMILAR TO '(a|b|ab)*(ba|a)*z'",
    "splitting by expressions": f"SELECT MAX(len(string_split_regex({LONG} || i, '(a|b)(a|b)?'))) "
    "FROM range(100000000) AS t(i)",
    "joins that are as of": "SELECT COUNT(*) FROM range(100000000) a ASOF JOIN range(100000000) b "
    "ON a.range >= b.range",
    "positional joins": "SELECT COUNT(*) FROM range(100000000000) a POSITIONAL JOIN range(100000000000) b",
    "windows over windows": "SELECT MAX(x) FROM (SELECT SUM(m) OVER (ORDER BY m DESC) AS x FROM "
    "(SELECT mode(i % 10) OVER (ORDER BY i ROWS 1000000 PRECEDING) AS m FROM range(100000000) AS t(i)))",
    "cubes": "SELECT COUNT(*) FROM range(100000000) AS t(i) GROUP BY CUBE ("
    + ", ".join(f"i % {n}" for n in range(2, 13))
    + ")",
}
"""Each of these is refused, or ended at the limit of time or of memory."""

ENDED: Final = frozenset({"QueryRefused", "QueryTookTooLong", "QueryTooLarge", "QueryEndedItsProcess"})
"""How the answer names what was done."""
