"""An explorer of a tensor's way through the memory hierarchy."""

EXPLORERS = ()
