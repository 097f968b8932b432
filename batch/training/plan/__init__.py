"""What a training is asked for, what it finds, what it tells while it runs, and what it was made by."""
