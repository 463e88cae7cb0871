"""Explorers of whether a chip can run it."""

EXPLORERS = ()
