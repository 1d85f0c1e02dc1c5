"""Finding the passages of the hub's documentation that answer a question."""
