"""The views, computed from the whole archive.

Reads: the archive up to one commit. Does: makes every view by Spark. Writes: runs in `views/`, and says so.
"""
