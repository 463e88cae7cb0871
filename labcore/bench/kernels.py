"""Kernels that a reader times, beside the libraries they are held against."""

MEASUREMENTS = ()
