"""Explorers of a network and its accelerator."""

EXPLORERS = ()
