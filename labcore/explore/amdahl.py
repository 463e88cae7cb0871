"""Explorers of Amdahl's law."""

EXPLORERS = ()
