"""Amdahl's law, the iron law and the acceleration wall (lab 01)."""
