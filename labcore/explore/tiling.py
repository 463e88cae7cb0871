"""Explorers of lab 14: tiles, capacities and the roofline."""

EXPLORERS = ()
