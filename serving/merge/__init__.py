"""The exact merge in DuckDB: batch views up to the manifest's offsets, the realtime tail from there on."""
