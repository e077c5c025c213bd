"""Models given to others: what of a run leaves this machine, and how it gets to the Hugging Face Hub."""
