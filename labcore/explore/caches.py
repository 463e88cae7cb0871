"""An explorer of caches under access patterns."""

EXPLORERS = ()
