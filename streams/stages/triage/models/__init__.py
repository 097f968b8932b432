"""Which models decide in a worker: followed as they are published, kept loaded, tried beside the current one."""
