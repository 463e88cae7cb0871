"""Explorers of lab 06: arrays in motion, and their edges."""

from __future__ import annotations

EXPLORERS = ()
