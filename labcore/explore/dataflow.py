"""Explorers of lab 11: what stays put, on a layer of your choice."""

EXPLORERS = ()
