"""The book's statements, each with a function that recomputes it."""
