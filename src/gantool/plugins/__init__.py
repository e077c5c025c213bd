"""The plugin host: all components, their providers, and components selected with their options."""
