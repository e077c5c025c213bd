"""The groups of settings on a help page and in a report. It imports nothing, since `gantool --help` waits for it."""

FIRST, GAME, IMAGES = "What to train, and how long", "Networks and losses", "Images"
LEARNING, RUN, MACHINE = "Learning", "Run", "Machine"
PANELS = (FIRST, GAME, IMAGES, LEARNING, RUN, MACHINE)
"""In the order of a page: what is asked for most often comes first."""
