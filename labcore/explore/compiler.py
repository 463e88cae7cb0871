"""Explorers of the compiler."""

EXPLORERS = ()
