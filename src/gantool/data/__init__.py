"""Real images: read, cached, and supplied in batches."""
