"""What stays put: weight, output, input and row stationary as loop orders of one table."""
