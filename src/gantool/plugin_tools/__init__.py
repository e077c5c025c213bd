"""The life of a plugin: written anew, installed, upgraded, checked, removed. Nothing here imports torch or a plugin."""
