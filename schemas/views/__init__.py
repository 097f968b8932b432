"""The SQL of the derived views, one file each, in the language that Spark SQL and DuckDB share.

Sessions are in UTC. Durations are whole milliseconds by `unix_millis`; no division is by zero; identifiers
need no quotes. `schemas.views.tables` reads the files.
"""
