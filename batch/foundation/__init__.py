"""What every part of the batch layer stands on: settings, errors, Spark, storage, the lock of a home."""
