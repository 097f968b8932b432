"""Commands of models and of the batch cycle that makes them; what a model says of a text, and why."""
