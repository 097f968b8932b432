"""Step 6 of a training: how a model does on rows that taught it nothing, and whether it is surely better."""
