"""Explorers of lab 10: loop orders and tiles, access by access."""

EXPLORERS = ()
