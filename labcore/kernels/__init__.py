"""Loops compiled by numba that a reader times: orders, tiles, layouts, fusion, attention."""
