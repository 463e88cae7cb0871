"""Explorers: widgets, thin over pure functions."""
