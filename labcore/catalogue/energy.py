"""What one access to a memory costs, by level and process, and what an operation costs at 7 nm.

Energies in J for an access of ACCESS_BITS bits, which is how both tables count; nothing here is per word of 32 bits
or per byte. An SRAM costs more the larger it is, since the wires across it are longer.
"""

from __future__ import annotations

from labcore.catalogue.arithmetic import ENERGY, HOROWITZ
from labcore.catalogue.facts import Fact, Source

JOUPPI = Source("N. Jouppi et al.", "Ten Lessons From Three Generations Shaped Google's TPUv4i, ISCA, Table 2", 2021,
                "https://doi.org/10.1109/ISCA52012.2021.00010")  # fmt: skip
OCONNOR = Source("M. O'Connor et al.", "Fine-Grained DRAM: Energy-Efficient DRAM for Extreme Bandwidth Systems, MICRO",
                 2017, "https://doi.org/10.1145/3123939.3124545")  # fmt: skip
_EYERISS = Source("Chen, Emer and Sze", "Eyeriss: A Spatial Architecture for Energy-Efficient Dataflow, ISCA, Table IV",
                  2016, "https://doi.org/10.1109/ISCA.2016.40")  # fmt: skip
_READ = "read in two reports that quote the table"
_UNREAD = "the row itself was not read again"

ACCESS_BITS = 64
ACCESS = {
    "45 nm": {
        "SRAM 8 KiB": Fact(10e-12, "J", HOROWITZ),
        "SRAM 32 KiB": Fact(20e-12, "J", HOROWITZ),
        "SRAM 1 MiB": Fact(100e-12, "J", HOROWITZ),
        "DRAM": Fact(1.3e-9, "J", HOROWITZ, "the least of 1.3 to 2.6 nJ"),
    },
    "7 nm": {
        "SRAM 8 KiB": Fact(7.5e-12, "J", JOUPPI, _READ),
        "SRAM 32 KiB": Fact(8.5e-12, "J", JOUPPI, _READ),
        "SRAM 1 MiB": Fact(14e-12, "J", JOUPPI, _READ),
        "DDR": Fact(1.3e-9, "J", JOUPPI, f"DDR3 and DDR4; {_READ}"),
        "GDDR6": Fact(350e-12, "J", JOUPPI, f"the least of 350 to 480 pJ; {_READ}"),
        "HBM2": Fact(250e-12, "J", JOUPPI, f"the least of 250 to 450 pJ; {_READ}"),
    },
}
HBM2_PER_BIT = Fact(3.97e-12, "J", OCONNOR, "one bit, from the DRAM's cell to the chip's pins; a model of a 28 nm DRAM")
DRAM_OVER_MAC = Fact(200.0, "x", _EYERISS, "65 nm, a read of the register file being 1; read in lecture notes that "
                     "reprint the table", confirmed=False)  # fmt: skip

ENERGY_7NM = {
    ("add", "int8"): Fact(0.007e-12, "J", JOUPPI, _UNREAD, confirmed=False),
    ("add", "int32"): Fact(0.03e-12, "J", JOUPPI, _READ),
    ("add", "bf16"): Fact(0.11e-12, "J", JOUPPI, _UNREAD, confirmed=False),
    ("add", "fp16"): Fact(0.16e-12, "J", JOUPPI, _UNREAD, confirmed=False),
    ("add", "fp32"): Fact(0.38e-12, "J", JOUPPI, _UNREAD, confirmed=False),
    ("multiply", "int8"): Fact(0.07e-12, "J", JOUPPI, _READ),
    ("multiply", "int32"): Fact(1.48e-12, "J", JOUPPI, _UNREAD, confirmed=False),
    ("multiply", "bf16"): Fact(0.21e-12, "J", JOUPPI, _UNREAD, confirmed=False),
    ("multiply", "fp16"): Fact(0.34e-12, "J", JOUPPI, _READ),
    ("multiply", "fp32"): Fact(1.31e-12, "J", JOUPPI, _READ),
}
OPERATION = {"45 nm": ENERGY, "7 nm": ENERGY_7NM}
PROCESSES = tuple(OPERATION)
