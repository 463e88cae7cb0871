"""Number formats: how many bytes an element takes."""

from __future__ import annotations

from labcore.units import Bytes

BYTES_PER_ELEMENT = {
    "fp64": 8, "fp32": 4, "tf32": 4, "fp16": 2, "bf16": 2, "fp8": 1, "int8": 1, "fp4": 0.5, "int4": 0.5,
}  # fmt: skip


def bytes_per_element(precision: str) -> Bytes:
    """Bytes one element takes in memory; tf32 is stored as fp32 and rounded on its way into the unit.

    >>> bytes_per_element("bf16")
    2
    """
    if precision not in BYTES_PER_ELEMENT:
        raise ValueError(f"precision {precision!r} is not known; choose from {', '.join(BYTES_PER_ELEMENT)}")
    return BYTES_PER_ELEMENT[precision]
