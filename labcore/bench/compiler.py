"""Speed of compiled networks."""

MEASUREMENTS = ()
