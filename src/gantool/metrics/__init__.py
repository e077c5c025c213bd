"""Measuring what a generator makes."""
