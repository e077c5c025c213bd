"""Pictures on disk: found, read and made square."""
