"""Matrix operations: Listings 5 to 7 and Table 3."""
