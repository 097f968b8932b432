"""What starts and operates the layers: local Kafka, supervisor, command line, deploy files.

Reads: settings and the run folder. Does: starts, watches and stops processes, creates topics,
checks the machine. Writes: `.ticketyard/` (broker data, logs, fetched archives).
"""
