"""Speed of training, search and simulated registers."""

MEASUREMENTS = ()
