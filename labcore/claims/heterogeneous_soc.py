""" "Heterogeneous SoC AI Acceleration": unlike units on one chip, Example 1.4."""
