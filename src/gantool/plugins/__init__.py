"""The plugin host: what is there, who provides it, and components with their options."""
