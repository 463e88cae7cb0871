"""Caches that count the traffic of an address trace."""
