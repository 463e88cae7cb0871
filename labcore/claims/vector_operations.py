"""Vector operations: Listings 1 to 4 and Table 2."""
