"""An explorer of host transfers and their overlap."""

EXPLORERS = ()
