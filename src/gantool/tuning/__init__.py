"""Searching for better settings: short runs, of which only the better half goes on, by the watch's score."""
