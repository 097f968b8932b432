"""Statements made to harm the server: what runs long or takes memory, doors to files and networks, and bombs."""

from typing import Final

LONG: Final = "repeat('ab', 10000)"


def _chain(first: str, step: str, last: str, count: int) -> str:
    """A WITH in which each entry is made of the one before."""
    entries = [f"a0 AS ({first})"] + [f"a{n} AS ({step.format(n - 1)})" for n in range(1, count)]
    return f"WITH {', '.join(entries)} {last.format(count - 1)}"


HOSTILE: Final = {
    # Refused before they run.
    "sleeping": "SELECT sleep_ms(600000)",
    "sleeping as postgres": "SELECT pg_sleep(600)",
    "distance": f"SELECT levenshtein({LONG}, reverse({LONG})) FROM range(100000)",
    "other distance": f"SELECT damerau_levenshtein({LONG}, reverse({LONG})) FROM range(100000)",
    "similarity": f"SELECT jaro_winkler_similarity({LONG}, reverse({LONG})) FROM range(100000)",
    "long list": "SELECT list_sort(range(100000000))",
    "padding": "SELECT lpad('a', 2000000000)",
    "padding right": "SELECT rpad('a', 2000000000, 'xyz')",
    "width": "SELECT printf('%2000000000d', 1)",
    "other width": "SELECT format('{:>2000000000}', 'a')",
    "repeating by a column": "SELECT repeat('a', i * i * i) FROM range(100000) AS t(i)",
    "series of moments": "SELECT generate_series(TIMESTAMP '0001-01-01', TIMESTAMP '9999-01-01', INTERVAL 1 SECOND)",
    "union of 20,000": " UNION ALL ".join(f"SELECT {n}" for n in range(20_000)),
    "union of 1,500": " UNION ".join(f"SELECT {n}" for n in range(1500)),
    "nested terms": "SELECT 1" + " + 1" * 600,
    "nested cases": "SELECT " + "CASE WHEN TRUE THEN " * 400 + "1" + " END" * 400,
    "nested lists": "SELECT " + "[" * 900 + "]" * 900,
    "nested brackets": "SELECT " + "(" * 9000 + "1" + ")" * 9000,
    "nested subqueries": "SELECT * FROM " + "(SELECT * FROM " * 190 + "tickets" + ")" * 190,
    "nested negations": "SELECT " + "NOT " * 5000 + "TRUE",
    "settings": "SELECT current_setting('memory_limit')",
    # Run, and stopped at the limit or by their size.
    "regular expression": f"SELECT SUM(length(regexp_replace({LONG} || i, '(a|b|ab|ba)+$', ''))) "
    "FROM range(1000000) AS t(i)",
    "large expression": f"SELECT COUNT(*) FROM range(100000) AS t(i) "
    f"WHERE regexp_matches({LONG} || i, '(((a{{1,30}}b{{1,30}}){{1,10}})|b|a)*c$')",
    "all matches": f"SELECT len(regexp_extract_all({LONG} || i, '.')) FROM range(10000000) AS t(i) ORDER BY 1",
    "many hashes": f"SELECT MAX(sha256({LONG} || i)) FROM range(100000000) AS t(i)",
    "split and sort": f"SELECT MAX(list_sort(string_split({LONG} || i, 'a'))) FROM range(10000000) AS t(i)",
    "long formats": f"SELECT MAX(strftime(TIMESTAMP '2000-01-01' + to_seconds(i), '{'%A%B%c' * 500}')) "
    "FROM range(100000000) AS t(i)",
    "a case of many": f"SELECT MAX(CASE {' '.join(f'WHEN i % 1000 = {n} THEN {n}' for n in range(700))} END) "
    "FROM range(1000000000) AS t(i)",
    "cross join": "SELECT COUNT(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 3",
    "cross join of three": "SELECT SUM(a.range * b.range) FROM range(100000) a, range(100000) b, range(100000) c",
    "cross join of views": "SELECT COUNT(*) FROM " + ", ".join(f"ticket_events e{n}" for n in range(8)),
    "join of 60 views": "SELECT COUNT(*) FROM tickets t0 "
    + " ".join(f"JOIN tickets t{n} ON t{n}.ticket_id = t{n - 1}.ticket_id" for n in range(1, 60)),
    "range join": "SELECT COUNT(*) FROM range(10000000) a JOIN range(10000000) b "
    "ON a.range < b.range AND a.range > b.range - 100000",
    "lateral join": "SELECT COUNT(*) FROM range(1000000) a, LATERAL (SELECT COUNT(*) FROM range(1000000) b "
    "WHERE b.range > a.range)",
    "correlated subquery": "SELECT (SELECT SUM(b.range) FROM range(100000000) b WHERE b.range % 7 = a.range) "
    "FROM range(1000) a",
    "recursion without end": "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT COUNT(*) FROM a",
    "recursion that grows": "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n FROM a, range(10)) "
    "SELECT COUNT(*) FROM a",
    "recursion that doubles a text": "WITH RECURSIVE a(x, n) AS "
    "(SELECT 'abc', 0 UNION ALL SELECT x || x, n + 1 FROM a WHERE n < 60) SELECT MAX(length(x)) FROM a",
    "doubling texts": _chain(
        "SELECT 'abcdefgh' AS x", "SELECT x || x AS x FROM a{}", "SELECT length(x) FROM a{}", 36
    ),
    "doubling rows": _chain(
        "SELECT * FROM range(2)", "SELECT p.* FROM a{0} p, a{0} q", "SELECT COUNT(*) FROM a{}", 7
    ),
    "doubling plans": _chain(
        "SELECT 1 AS x", "SELECT p.x + q.x AS x FROM a{0} p JOIN a{0} q ON p.x = q.x", "SELECT * FROM a{}", 16
    ),
    "doubling lists": _chain(
        "SELECT range(1000) AS x", "SELECT list_concat(x, x) AS x FROM a{}", "SELECT len(x) FROM a{}", 30
    ),
    "nested lambdas": "SELECT list_transform(range(10000), lambda a: list_sum(list_transform(range(10000), "
    "lambda b: list_sum(list_transform(range(10000), lambda c: a * b * c)))))",
    "growing reduction": "SELECT list_reduce(list_transform(range(1000), lambda x: 'aaaaaaaa'), "
    "lambda a, b: a || a || b)",
    "long sums of lists": "SELECT MAX(list_sum(list_sort(list_transform(range(10000), lambda x: (x * i) % 997)))) "
    "FROM range(1000000) AS t(i)",
    "one long text": f"SELECT length(string_agg({LONG}, '')) FROM range(10000000)",
    "one long text, sorted": "SELECT md5(string_agg(CAST(i AS VARCHAR), ',' ORDER BY hash(i))) "
    "FROM range(1000000000) AS t(i)",
    "one long list": "SELECT len(list(i)) FROM range(10000000000) AS t(i)",
    "one long JSON": "SELECT length(CAST(json_group_array(i) AS VARCHAR)) FROM range(1000000000) AS t(i)",
    "one large map": "SELECT map(list(i), list(i)) FROM range(100000000) AS t(i)",
    "large histogram": "SELECT histogram(i) FROM range(1000000000) AS t(i)",
    "growing replacements": "SELECT length(replace(replace(repeat('a', 10000), 'a', repeat('b', 10000)), 'b', "
    "repeat('c', 10000)))",
    "nested repeating": "SELECT repeat(repeat(repeat('a', 10000), 10000), 10000)",
    "huge cast": "WITH a AS (SELECT string_agg('9', '') AS s FROM range(3000000)) SELECT CAST(s AS BIGNUM) FROM a",
    "huge numbers": "SELECT SUM(CAST(repeat('9', 4000) AS BIGNUM)) FROM range(100000000)",
    "sorting much": "SELECT * FROM range(10000000000) ORDER BY hash(range)",
    "sorting wide": f"SELECT i, {LONG} || i AS x FROM range(10000000) AS t(i) ORDER BY hash(i)",
    "counting much": "SELECT COUNT(DISTINCT hash(a.range, b.range)) FROM range(1000000) a, range(1000000) b",
    "grouping much": "SELECT hash(i), COUNT(*) FROM range(10000000000) AS t(i) GROUP BY 1 ORDER BY 2 DESC",
    "long series": "SELECT COUNT(DISTINCT x) FROM generate_series(1, 100000000000) AS t(x)",
    "sliding median": "SELECT MAX(m) FROM (SELECT median(i) OVER (ORDER BY i ROWS BETWEEN 100000 PRECEDING AND "
    "100000 FOLLOWING) AS m FROM range(100000000) AS t(i))",
    "quantiles": "SELECT quantile_cont(random(), 0.5) FROM range(10000000000)",
    "wide rows": f"SELECT {', '.join(f'{LONG} || i AS c{n}' for n in range(100))} FROM range(10000) AS t(i)",
    "summary": "SUMMARIZE SELECT i, i * i FROM range(100000000000) AS t(i)",
    "explained to the end": "EXPLAIN ANALYZE SELECT COUNT(*) FROM range(1000000000000) AS t(i) WHERE i % 3 = 7",
}

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
