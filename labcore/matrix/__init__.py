"""A tile unit: executes blocks m x n x k, numbers and counts, and knows which shapes and formats engage it."""
