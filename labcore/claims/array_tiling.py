"""Tiling on an array: Algorithm 1 and the fringe."""
