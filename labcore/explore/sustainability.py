"""Explorers of cost and carbon."""

EXPLORERS = ()
