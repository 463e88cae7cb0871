"""What one operation costs in a 45 nm process at 0.9 V: energy and silicon area, by operation and format.

Energies in J. Areas in um2: a prefix on a square would mislead. Newer processes have smaller numbers in both columns;
the ratios between rows move far less, and ratios are what these are for.
"""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source

HOROWITZ = Source("M. Horowitz", "Computing's Energy Problem (and what we can do about it), ISSCC, Figure 1.1.9", 2014,
                  "https://doi.org/10.1109/ISSCC.2014.6757323")  # fmt: skip
DALLY = Source("W. Dally", "High-Performance Hardware for Machine Learning, NIPS tutorial", 2015)
_SLIDES = "the talk's slides round it to {}"
_AREA = "synthesized for TSMC's 45 nm; read in notes of a lecture that reprints the table, not on the slide"

ENERGY = {
    ("add", "int8"): Fact(0.03e-12, "J", HOROWITZ),
    ("add", "int32"): Fact(0.1e-12, "J", HOROWITZ),
    ("add", "fp16"): Fact(0.4e-12, "J", HOROWITZ),
    ("add", "fp32"): Fact(0.9e-12, "J", HOROWITZ),
    ("multiply", "int8"): Fact(0.2e-12, "J", HOROWITZ),
    ("multiply", "int32"): Fact(3.1e-12, "J", HOROWITZ, _SLIDES.format("3 pJ")),
    ("multiply", "fp16"): Fact(1.1e-12, "J", HOROWITZ, _SLIDES.format("1 pJ")),
    ("multiply", "fp32"): Fact(3.7e-12, "J", HOROWITZ, _SLIDES.format("4 pJ")),
}
AREA = {
    ("add", "int8"): Fact(36, "um2", DALLY, _AREA, confirmed=False),
    ("add", "int32"): Fact(137, "um2", DALLY, _AREA, confirmed=False),
    ("add", "fp16"): Fact(1360, "um2", DALLY, _AREA, confirmed=False),
    ("add", "fp32"): Fact(4184, "um2", DALLY, _AREA, confirmed=False),
    ("multiply", "int8"): Fact(282, "um2", DALLY, _AREA, confirmed=False),
    ("multiply", "int32"): Fact(3495, "um2", DALLY, _AREA, confirmed=False),
    ("multiply", "fp16"): Fact(1640, "um2", DALLY, _AREA, confirmed=False),
    ("multiply", "fp32"): Fact(7700, "um2", DALLY, _AREA, confirmed=False),
}
