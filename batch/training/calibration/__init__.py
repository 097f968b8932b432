"""Step 4 of a training: scales, thresholds and bands, learnt from validation rows."""
