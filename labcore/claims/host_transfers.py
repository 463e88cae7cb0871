"""Bandwidth taper, host transfers and their overlap (lab 08)."""
