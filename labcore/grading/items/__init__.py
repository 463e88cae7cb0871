"""Self-check items, one module for each section of the chapter."""
