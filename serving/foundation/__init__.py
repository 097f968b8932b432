"""What every part of the serving layer stands on: settings, errors, state, the runs of batch, explanations."""
