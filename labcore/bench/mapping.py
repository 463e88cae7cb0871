"""How fast a mapping is found, beside ZigZag."""

MEASUREMENTS = ()
