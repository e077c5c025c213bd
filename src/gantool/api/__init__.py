"""What authors of plugins program against."""
