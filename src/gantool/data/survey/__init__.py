"""What is in a folder of pictures, and what training would make of it."""
