"""Weight, output and input stationary: lines 1694 to 1802."""
