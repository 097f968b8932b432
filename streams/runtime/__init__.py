"""A stage at work in one process: its partitions and their threads, what waits, and the watchdog that ends it."""
