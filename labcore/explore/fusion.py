"""Explorers of lab 13: which operations share a trip through memory."""

EXPLORERS = ()
