"""Machines and models of hardware acceleration, one module for each thing a student looks up."""

__version__ = "1.0.0"
