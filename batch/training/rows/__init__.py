"""Step 1 of a training: labelled rows, under the names that intents have now, in splits."""
