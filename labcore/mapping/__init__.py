"""Mapping: which tile and loop order move least, out of how many.

The names that are used from here; each lives in the module named for it.
"""

from labcore.mapping.bounds import compulsory, least_words, touched
from labcore.mapping.conv import min_conv_traffic, random_nests
from labcore.mapping.matmul import Mapping, mappings, min_traffic

__all__ = (
    "Mapping", "compulsory", "least_words", "mappings", "min_conv_traffic", "min_traffic", "random_nests", "touched",
)  # fmt: skip
