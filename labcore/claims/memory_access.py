"""The life of a tensor, memory-bound criteria and irregular access (lab 08)."""
