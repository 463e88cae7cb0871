"""Explorers of specialization."""

EXPLORERS = ()
