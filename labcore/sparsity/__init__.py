"""Sparse matrices: six ways to store one, their products and bytes, pruning, and a grid that skips zeros or cannot.

The formats are the subject here, one idea in several files, so they can be had from the package itself:
`from labcore.sparsity import CSR`. Everything else is imported from its module.
"""

from labcore.sparsity.blocked import BSR, Bitmap
from labcore.sparsity.compressed import COO, CSC, CSR
from labcore.sparsity.structured import NM

__all__ = ["BSR", "COO", "CSC", "CSR", "NM", "Bitmap"]
