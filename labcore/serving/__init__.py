"""Language models served: requests, batches, the memory of their caches, and the clock."""
