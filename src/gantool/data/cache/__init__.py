"""Pictures as they are trained on, kept on disk between runs."""
