"""Metrics of generated pictures."""
