"""Special functions: Listings 8 to 11 and Table 4."""
