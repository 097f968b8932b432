"""How well tickets are understood: intents and corrections, models, drift, groups that lack a name."""
