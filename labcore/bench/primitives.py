"""Speeds of sparse products and of convolution as one product, beside scipy and a strided view."""

from __future__ import annotations

MEASUREMENTS = ()
