"""Hyperparameter search: short runs, of which the better half continues at each rung, by the watch's score."""
