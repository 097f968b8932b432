"""What every part of a worker stands on: its settings, errors and exit codes, a record as read, what is counted."""
