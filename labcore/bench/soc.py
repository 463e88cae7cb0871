"""Speed of the simulated bus and deadlines."""

MEASUREMENTS = ()
