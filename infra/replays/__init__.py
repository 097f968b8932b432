"""Checks on public data: replay a file through a running pipeline and compare serving's answers with the file.

Reads: the data sets, serving over HTTP. Does: replays with the mappings beside it, waits until serving has all of it,
compares. Writes: what a replay writes, and the files it works on in a folder of the caller.
"""
