"""Accelerators as register transfers, generated from a template and a network of integers."""
