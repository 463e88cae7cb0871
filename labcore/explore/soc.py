"""Explorers of unlike units on one chip."""

EXPLORERS = ()
