"""Grading of exercises through nbval."""
