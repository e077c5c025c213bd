"""From settings to a run: resolved, prepared, started or resumed."""
