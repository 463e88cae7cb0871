"""Blocked products: the tile that fits, what it moves, and what the roofline says of it."""
