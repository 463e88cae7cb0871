"""Explorers of lab 04: warps, lanes and tiles."""

from __future__ import annotations

EXPLORERS = ()
