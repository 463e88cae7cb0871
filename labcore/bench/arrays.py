"""Speeds of the systolic array, beside SCALE-Sim and BLAS."""

from __future__ import annotations

MEASUREMENTS = ()
