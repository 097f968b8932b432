"""Work of a training that Spark can share out among executors."""
