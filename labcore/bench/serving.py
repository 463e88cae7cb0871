"""Speed of simulated serving."""

MEASUREMENTS = ()
