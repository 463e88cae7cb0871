"""Explorers of the runtime."""

EXPLORERS = ()
