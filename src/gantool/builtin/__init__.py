"""The components that come with gantool, by kind."""
