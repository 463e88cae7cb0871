"""Tensor cores and processing elements: Listing 14, Figure 6."""
