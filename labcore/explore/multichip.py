"""Explorers of many chips."""

EXPLORERS = ()
