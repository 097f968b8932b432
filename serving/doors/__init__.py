"""The doors themselves: what each path takes and answers, by subject."""
