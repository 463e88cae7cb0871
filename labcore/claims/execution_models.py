"""Execution models: SIMD, SIMT, Listings 12 and 13, Table 7."""
