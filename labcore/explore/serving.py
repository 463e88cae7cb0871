"""Explorers of served language models."""

EXPLORERS = ()
