"""From settings to a run: resolved, prepared, begun or gone on with."""
