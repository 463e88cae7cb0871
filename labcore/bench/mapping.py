"""How fast a mapping is found, beside ZigZag."""

from __future__ import annotations

from collections.abc import Callable

from labcore.bench.rows import Row, at_least, at_most, median_time, row
from labcore.mapping import least_words, min_conv_traffic, min_traffic

N, BUFFER = 1024, 64 * 1024  # the product is N x N x N; the buffer holds so many words


def map_product() -> Row:
    """Time to find the least mapping of a product among all divisor tiles and orders."""
    found = min_traffic(N, N, N, BUFFER)
    against = f"limit; {found.traffic / least_words(N, N, N, BUFFER):.2f} times the words of the lower bound"
    return at_most("mapping of 1024^3, 64 Ki words", median_time(lambda: min_traffic(N, N, N, BUFFER)), 0.050, against)


def map_convolution() -> Row:
    """Time to find the least mapping of a 3 x 3 convolution of ResNet-50."""
    from labcore.loopnest import conv_problem

    layer = conv_problem(1, 128, 28, 28, 128, 3, 3, padding=1)
    T = median_time(lambda: min_conv_traffic(layer, BUFFER), 5)
    return at_most("mapping of a 3 x 3 convolution", T, 1.0, "limit")


def sweep_dataflows() -> Row:
    """Time to find the best tiles of all layers of ResNet-50 under three dataflows and for five buffers."""
    from labcore.dataflow import resnet50_sweep

    return at_most("ResNet-50, 3 dataflows, 5 buffers", median_time(resnet50_sweep, 3), 5.0, "limit")


def map_beside_zigzag() -> Row:
    """How many times longer ZigZag's search takes for the same product, and what either finds."""
    from labcore.bench.zigzag import PYTHON, WAY_OUT, zigzag_search

    name = "ZigZag's search, over ours"
    if not PYTHON.is_file():
        return row(name, None, "x", "at least", 1, WAY_OUT, ok=None)
    ours, T = min_traffic(N, N, N, BUFFER), median_time(lambda: min_traffic(N, N, N, BUFFER))
    words, theirs = zigzag_search(N, N, N, BUFFER)
    against = f"ZigZag 3.9.1, 6 loop factors: {theirs:.3g} s, {words / ours.traffic:.2f} times our words"
    return at_least(name, theirs / T, 1, against, "x")


MEASUREMENTS: tuple[Callable[[], Row], ...] = (map_product, map_convolution, sweep_dataflows, map_beside_zigzag)
