"""Blocks that stay in fast memory: lines 1952 to 2051, and the questions of set 6 about tiling."""
