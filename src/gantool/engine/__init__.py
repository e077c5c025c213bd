"""The training engine, which works with networks, losses and tensors and knows no component by name."""
