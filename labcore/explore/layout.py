"""Explorers of lab 12: addresses, bursts and conversions."""

EXPLORERS = ()
