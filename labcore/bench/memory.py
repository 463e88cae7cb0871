"""Speed of the cache simulation and of measuring, each beside its limit or peer."""

from __future__ import annotations

import time

from labcore.bench.rows import Row, at_most, median_time


def cache_of_ten_million(repeats: int = 3) -> Row:
    """Time to count ten million accesses of a matrix product in a cache of 32 KiB and 8 ways.

    That is two passes, one of them through the fully associative cache that tells conflict from capacity. Compiling
    comes before, once a session, and is said beside it. Gathers from far more lines than the machine's own caches
    hold take a few times as long: then the simulator waits for memory too.
    """
    from labcore.cache import Cache, Trace, count
    from labcore.cache.traces import matmul

    start = time.perf_counter()
    count(Trace([0]), Cache(64))
    compiling = time.perf_counter() - start
    trace, cache = matmul(171, 171, 171), Cache(32768, line=64, ways=8)  # 171 * 171 * (2 * 171 + 1) accesses
    T = median_time(lambda: count(trace, cache), repeats)
    against = f"limit, {len(trace):,} accesses; compiled before in {compiling:.1f} s"
    return at_most("a cache counting ten million accesses", T, 2.0, against)


MEASUREMENTS = (cache_of_ten_million,)
