"""The serving layer: exact answers from batch views and the realtime tail together.

Reads the views that the current manifest names, and the served topics from exactly the manifest's offsets on.
Does the merge in DuckDB: one process owns the database and the tail, many readers each see one snapshot.
Writes nothing but its address into the home folder and its lease beside the runs; answers over SQL, HTTP and Arrow.
"""
