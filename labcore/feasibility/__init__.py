"""Can you run it: memory, latency, power, energy; what binds, by how much, and the cheapest change that would do.

`question` is what is asked, `workload` the passes that a model makes, `split` one chip's part of them, `duration` how
long a pass takes, `verdict` the constraints with their margins, `cures` the search for a change, and `assumptions` the
numbers that no data sheet prints.
"""
