"""Explorers of what kinds of accelerators bet on."""

EXPLORERS = ()
