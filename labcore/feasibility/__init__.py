"""Can you run it: memory, latency, power, energy, price; what binds, by how much, the cheapest change that would do.

`question` is what is asked, `workload` the passes that a model makes, `split` one chip's part of them, `duration` how
long a pass takes, `live` what its layers hold at once, `verdict` the constraints with their margins, `changes` what may
be changed and `cures` the search for the cheapest, `prices` what chips are said to cost, and `assumptions` the numbers
that no data sheet prints.
"""
