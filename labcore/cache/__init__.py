"""Caches and scratchpads that count the traffic of an address trace.

`simulate` steps a cache access by access in plain Python, `count` is the same cache compiled, for long traces; tests
prove them equal. A `Trace` is byte addresses with a read or write flag, and `labcore.cache.traces` makes them.

>>> from labcore.cache import Cache, simulate
>>> from labcore.cache.traces import column_walk, row_walk
>>> small = Cache(capacity=256, line=64)  # four lines of 16 floats
>>> [simulate(walk(16, 16), small).hit_rate for walk in (row_walk, column_walk)]
[0.9375, 0.0]
"""

from labcore.cache.geometry import Cache
from labcore.cache.lru import count, simulate
from labcore.cache.optimal import optimal_misses
from labcore.cache.run import Run
from labcore.cache.scratchpad import Scratchpad, staged_matmul
from labcore.cache.trace import Trace

__all__ = ["Cache", "Run", "Scratchpad", "Trace", "count", "optimal_misses", "simulate", "staged_matmul"]
