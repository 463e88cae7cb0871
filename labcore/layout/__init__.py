"""Where an element lies: strides, addresses, bursts, and the price of changing one's mind.

The names that are used elsewhere; each lives in the module named for it.
"""

from labcore.layout.access import lane_access, lane_addresses, tensor_access, together, walk
from labcore.layout.conversion import break_even, conversion_bytes, least_gain, plan
from labcore.layout.order import Layout, convert, layout

__all__ = (
    "Layout",
    "break_even",
    "conversion_bytes",
    "convert",
    "lane_access",
    "lane_addresses",
    "layout",
    "least_gain",
    "plan",
    "tensor_access",
    "together",
    "walk",
)
