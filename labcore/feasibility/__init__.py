"""Can you run it: memory, latency, power; what binds, by how much, and the cheapest cure."""
