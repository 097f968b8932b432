"""Commands that start, stop and examine the pipeline and its parts."""
