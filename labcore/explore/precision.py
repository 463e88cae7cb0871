"""Explorers of lab 07: number formats."""

from __future__ import annotations

EXPLORERS = ()
