"""Explorers of lab 08: an exchange with the host in time, and what messages make of a link."""

from __future__ import annotations

from labcore.catalogue.links import LINKS
from labcore.explore import gantt, messages
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer

HOST_LINKS = tuple(name for name, sheet in LINKS.items() if sheet.joins == "host-device")


def transfer_explorer(**start: object) -> Explorer:
    """One exchange between host and accelerator, cut into chunks that overlap.

    >>> transfer_explorer(I=16384).sentence.split("; ")[1]
    'busiest is the accelerator, 83.9% of the time'
    """
    return Explorer(
        question="From how much work for each byte does the link stop binding, and how many chunks pay off?",
        shows="Four lanes, for the link in, the CPU, the accelerator and the link out, with a bar for each chunk. A "
        "dashed line marks where the last one ends, another what all steps take one after another.",
        controls=[
            Choice("chip", "Accelerator", ("A100", "H100", "T4"), "A100"),
            Choice("link", "Link", HOST_LINKS, "PCIe Gen4 x16"),
            Whole("MB_in", "MB in", 1, 1024, 64, log2=True),
            Whole("MB_out", "MB out", 1, 1024, 16, log2=True),
            Whole("I", "FLOP for each byte in", 256, 2**18, 4096, log2=True),
            Whole("chunks", "Chunks", 1, 16, 4),
            Choice("engines", "Copy engines", ("1", "2"), "2"),
        ],
        build=gantt.build,
        update=gantt.update,
        describe=gantt.describe,
        size=(6.4, 3.2),
        start=start,
    )


def message_explorer(**start: object) -> Explorer:
    """The same bytes over a link in one message or in many.

    >>> message_explorer(pieces=1024).sentence.split(", ")[3]
    '8.0% of one direction; half of it takes messages of 189 kB'
    """
    return Explorer(
        question="How many pieces may a gigabyte be sent in before the link is half idle?",
        shows="Curves of bytes over time against the size of a message, one for each link, rising and then flat; a dot "
        "on the curve of the chosen link, and dashed lines at its bandwidth and at the size that reaches half of it.",
        controls=[
            Choice("link", "Link", tuple(LINKS), "PCIe Gen4 x16"),
            Whole("size", "Bytes in all", 2**16, messages.D_MAX, 2**24, log2=True),
            Whole("pieces", "Messages", 1, 16384, 1, log2=True),
        ],
        build=messages.build,
        update=messages.update,
        describe=messages.describe,
        start=start,
    )


EXPLORERS = (transfer_explorer, message_explorer)
