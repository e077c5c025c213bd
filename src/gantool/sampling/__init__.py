"""A trained generator, and what it draws."""
