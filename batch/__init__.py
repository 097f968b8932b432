"""The batch layer, on PySpark.

Reads: the log topics of Kafka, the archive in `history/`. Does: archives, makes views, trains, gates.
Writes: `history/`, `views/`, `models/`; publishes to views.published, models.published and agents.events.
"""
