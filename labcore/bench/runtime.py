"""Speed of simulated runtimes."""

MEASUREMENTS = ()
