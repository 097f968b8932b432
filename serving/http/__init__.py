"""The doors of serving: HTTP with JSON, SQL and Arrow, described by OpenAPI."""
