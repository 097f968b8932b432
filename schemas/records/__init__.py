"""The records on the topics: events, their envelope, keys and partitions, and their JSON Schemas."""
