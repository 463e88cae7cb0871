"""Figures: data first, then a drawing of it."""
