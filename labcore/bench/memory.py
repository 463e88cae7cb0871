"""Speed of the cache simulation and of measuring, each beside its limit or peer."""

MEASUREMENTS = ()
