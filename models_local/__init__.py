"""GGUF models that run inside the hub's own process: the shipped planner, its encoder, and models the user brings."""
