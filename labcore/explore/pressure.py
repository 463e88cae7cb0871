"""An explorer of what a model asks of memory."""

EXPLORERS = ()
