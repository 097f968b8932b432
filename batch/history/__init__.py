"""The archive: what the logs said, for ever.

Reads: the log topics. Does: copies new offsets by Spark. Writes: Parquet files and commits in `history/`.
"""
