"""Explorers of lab 05: formats and patterns of zeros."""

from __future__ import annotations

EXPLORERS = ()
