"""Explorers of lab 13: what attention moves, by sequence length."""

EXPLORERS = ()
