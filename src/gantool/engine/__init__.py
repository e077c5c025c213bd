"""The training engine: it knows networks, losses and tensors, and no component by name."""
