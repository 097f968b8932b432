"""What analysts query: the columns of base views, and in `sql/` a file for each derived view, by subject.

The SQL is of the language that Spark SQL and DuckDB share. Sessions are in UTC. Durations are whole milliseconds by
`unix_millis`; no division is by zero; identifiers need no quotes. `schemas.views.tables` reads the files.
"""
