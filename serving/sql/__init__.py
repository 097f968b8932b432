"""Analysts' SQL: what may be asked, and the processes that answer it and can be ended."""
