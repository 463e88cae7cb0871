"""Explorers of lab 03: vector, matrix and special-function units."""

from __future__ import annotations

EXPLORERS = ()
