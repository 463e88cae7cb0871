"""Cost and performance: Table 8 and the summary of the compute primitives, lines 911 to 936 (lab 19).

Prices are the page's own; throughput and bandwidth are those of the data sheets behind its rows.

>>> from labcore.claims.ledger import claim
>>> claim("table-8-row-a100", price=20_000).computed
64.1025641025641
"""

from __future__ import annotations

from math import inf

from labcore.catalogue import chip
from labcore.catalogue.facts import Fact
from labcore.catalogue.prices import TABLE_8_PRECISION
from labcore.catalogue.served import RESNET50_LATENCY
from labcore.claims.ledger import cites, computes
from labcore.claims.printed import Number, Truth, Words
from labcore.cost import Offer, like_for_like, machine_time, table_8
from labcore.matrix.unit import tile_cost
from labcore.models.zoo import build
from labcore.roofline import attainable
from labcore.scaling import times
from labcore.units import Seconds, unit_scale
from labcore.vector.machine import Machine

LAB = "19_sustainability"
TABLE, PRICES, BANDWIDTH, SUMMARY = (
    f"{LAB}#{cell}" for cell in ("table-8", "price-performance", "bandwidth-per-dollar", "summary")
)
TEXT, PRIMITIVES = "Text §Cost-performance analysis", "Text §Cost-performance analysis (summary)"
PER_TFLOPS = "USD (per TFLOP/s)"
SUBSTANTIAL = 1.5  # the least of "substantially": half as much again for a dollar
MICROSECONDS, MILLISECONDS = (1, 999), (1000, inf)  # in us


def offers(like: str, end: str = "low") -> dict[str, Offer]:
    """The chips of Table 8 that have a precision, at one end of their prices, by name."""
    return {offer.chip.name: offer for offer in like_for_like(like, end)}


@computes("text-bandwidth-per-dollar", TEXT, Truth(words="bandwidth per dollar can matter more than peak FLOP/s"), "",
          BANDWIDTH)  # fmt: skip
def ranked_by_bandwidth(I=50.0):
    """At an intensity below the ridge points, chips rank by bandwidth for a dollar and not by peak for a dollar."""
    useful, wide, peak = (
        sorted(like_for_like("16-bit"), key=key)
        for key in (lambda o: o.per_useful_rate(I), lambda o: -o.BW_per_dollar, lambda o: o.per_rate)
    )
    return useful == wide != peak


@cites("table-8-trend-tdp", TEXT, Words("~1000", least=900, most=1000), "W", PRICES)
def flagship_power() -> Fact:
    """Power of the B200, a flagship of 2024; the H100's is 700 W and the V100's 300 W."""
    return chip("B200").power


@computes("table-8-trend-improvement", TEXT, Words("substantially", least=SUBSTANTIAL), "x (cheaper per TFLOP/s)",
          PRICES)  # fmt: skip
def improvement(end="high"):
    """USD for 1 TFLOP/s of the V100 over the A100's and over the H100's, all three at 16 bits."""
    half = offers("16-bit", end)
    return [times(half["V100"].per_rate, half[name].per_rate) for name in ("A100", "H100")]


@computes("table-8-exception-tf32", TEXT, Words("slightly above", least=1), "x (the A100's price per TFLOP/s)",
          PRICES)  # fmt: skip
def exception(end="high"):
    """The text's exception to the trend: USD for 1 TFLOP/s of the H100 over the A100's, both in dense TF32."""
    tf32 = offers("tf32", end)
    return times(tf32["H100"].per_rate, tf32["A100"].per_rate)


@exception.erratum
def the_exception_mixes_precisions():
    """The trend holds, the exception to it does not.

    The A100's {half:.0f} TFLOP/s are its dense FP16, or its TF32 with 2:4 sparsity; its dense TF32, as the H100's is,
    is {tf32:.0f}. In TF32 a TFLOP/s costs {old:.1f} USD on the A100 and {low:.1f} to {high:.1f} on the H100, which is
    less. The reason given fails too: from one to the other the price grows {least:.2f} to {most:.2f} times and TF32
    throughput {rate:.2f} times. The caption says that precisions differ by row; the text compares them as if they did
    not. Would hold of the table as printed, whose two rows have two precisions.
    """
    (low, high), A100 = (offers("tf32", end) for end in ("low", "high")), chip("A100")
    scale = unit_scale("TFLOP/s")[0]
    return {
        "half": A100.peak("fp16") / scale, "tf32": A100.peak("tf32") / scale,
        "old": scale * low["A100"].per_rate, "low": scale * low["H100"].per_rate,
        "high": scale * high["H100"].per_rate, "least": times(low["H100"].price, low["A100"].price),
        "most": times(high["H100"].price, high["A100"].price),
        "rate": times(low["H100"].R_peak, low["A100"].R_peak),
    }  # fmt: skip


@computes("table-8-caption", "Table 8", Number("5"), "", TABLE)
def rows_of_the_table():
    """Accelerators in the table, each with a price, a peak at the precision of its row, and a bandwidth."""
    return len(table_8())


def per_tflops(name: str, price: float) -> float:
    """USD for 1 TFLOP/s of a chip's dense peak at the precision of its row."""
    return unit_scale("TFLOP/s")[0] * Offer(chip(name), TABLE_8_PRECISION[name], price).per_rate


@computes("table-8-row-v100", "Table 8", Number("80"), PER_TFLOPS, TABLE)
def v100_row(price=10_000):
    """The V100's price over its FP16 peak."""
    return per_tflops("V100", price)


@computes("table-8-row-a100", "Table 8", Number("48.1"), PER_TFLOPS, TABLE)
def a100_row(price=15_000):
    """The A100's price over its dense FP16 peak, which the row does not name."""
    return per_tflops("A100", price)


@computes("table-8-row-h100", "Table 8", Words("~50.6", least=50.55, most=50.65, number=50.6), PER_TFLOPS, TABLE)
def h100_row(price_low=25_000, price_high=30_000):
    """Both ends of the H100's price over its dense TF32 peak."""
    return [per_tflops("H100", price) for price in (price_low, price_high)]


@h100_row.erratum
def one_end_of_the_range():
    """The row gives a range of prices and the quotient of its lower end alone.

    It is {low:.1f} USD per TFLOP/s there, {high:.1f} at the higher price and {middle:.1f} in the middle; the other four
    rows have one price. The text has the H100 slightly above the {a100:.1f} beside it: as printed it is {little:.0%}
    above at the lower price and {more:.0%} at the higher. Would hold of the lower price alone.
    """
    low, high = h100_row()
    a100 = a100_row()
    return {"low": low, "high": high, "middle": (low + high) / 2, "a100": a100, "little": low / a100 - 1,
            "more": high / a100 - 1}  # fmt: skip


@computes("table-8-row-tpuv4", "Table 8", Number("29.1"), PER_TFLOPS, TABLE)
def tpu_v4_row(price=8_000):
    """The TPU v4's estimated price over its BF16 peak."""
    return per_tflops("TPU v4", price)


@computes("table-8-row-gaudi2", "Table 8", Number("13.9"), PER_TFLOPS, TABLE)
def gaudi2_row(price=12_000):
    """Gaudi 2's price over its FP8 peak; over its BF16 peak it is twice that."""
    return per_tflops("Gaudi 2", price)


@computes("table-8-pattern-price", TEXT, Words("generally improves, though not monotonically", least=(1, 1, 0),
          most=(inf, inf, 1)), "x (cheaper per generation)", PRICES)  # fmt: skip
def by_generation(end="high"):
    """V100 to A100 and A100 to H100 at 16 bits; then V100 to A100 in FP32 on the vector units, the step back."""
    half, single = offers("16-bit", end), offers("fp32", end)
    steps = [(half["V100"], half["A100"]), (half["A100"], half["H100"]), (single["V100"], single["A100"])]
    return [times(old.per_rate, new.per_rate) for old, new in steps]


@computes("table-8-pattern-bandwidth", TEXT, Words("newer is better", least=1), "x (GB/s per USD)", BANDWIDTH)
def bandwidth_for_a_dollar(price_a100=15_000, price_low=25_000, price_high=30_000):
    """H100 over A100 in bandwidth for a dollar, at both ends of the H100's price."""
    old = Offer(chip("A100"), "fp16", price_a100)
    new = (Offer(chip("H100"), "fp16", price) for price in (price_low, price_high))
    return [times(one.BW_per_dollar, old.BW_per_dollar) for one in new]


@bandwidth_for_a_dollar.erratum
def less_bandwidth_for_a_dollar():
    """Of the pair that the passage argues with, the newer chip is the worse buy for a job that waits for memory.

    The H100 has {wider:.2f} times the A100's bandwidth at {least:.2f} to {most:.2f} times its price. For 1,000 USD the
    A100 gives {old:.1f} GB/s, the H100 {low:.1f} at its lower price and {high:.1f} at its higher. Bandwidth outgrows
    throughput, {wider:.2f} against {mixed:.2f} times, only in the table's two precisions; at 16 bits throughput grew
    {like:.2f} times. Would hold from the V100's {v100:.1f} to the A100; TPU v4 and Gaudi 2 give more than either.
    """
    ends = [{name: 1000 * one.BW_per_dollar / unit_scale("GB/s")[0] for name, one in offers("16-bit", end).items()}
            for end in ("low", "high")]  # fmt: skip
    prices = [times(offers("16-bit", end)["H100"].price, offers("16-bit")["A100"].price) for end in ("low", "high")]

    def grown(precision):
        return times(chip("H100").peak(precision), chip("A100").peak("fp16"))

    return {
        "wider": times(chip("H100").BW, chip("A100").BW), "mixed": grown("tf32"), "like": grown("fp16"),
        "least": prices[0], "most": prices[1],
        "old": ends[0]["A100"], "low": ends[0]["H100"], "high": ends[1]["H100"], "v100": ends[0]["V100"],
    }  # fmt: skip


@computes("table-8-pattern-h100-bandwidth", TEXT, Truth(words="a memory-bound job gains more from bandwidth"), "",
          BANDWIDTH)  # fmt: skip
def bandwidth_or_peak(I=100.0):
    """A job below the ridge points gains more from the H100's bandwidth alone than from its peak alone."""
    old, new = chip("A100"), chip("H100")
    now = attainable(old.peak("fp16"), old.BW, I)
    return bool(attainable(old.peak("fp16"), new.BW, I) / now > attainable(new.peak("fp16"), old.BW, I) / now)


# The summary of the compute primitives.


@computes("summary-vector-8x", PRIMITIVES, Number("8"), "x", SUMMARY)
def lanes(vlen=256, bits=32):
    """Elements that one instruction on a vector of 256 bits works on, over one."""
    return times(Machine(vlen=vlen, sew=bits).lanes, 1)


@computes("summary-matrix-256", PRIMITIVES, Number("256"), "", SUMMARY)
def outputs_at_once(m=16, n=16):
    """Outputs of a block of 16 x 16 that a matrix unit works on in one step of k."""
    return tile_cost(m, n, 1, (m, n, 1)).macs


@computes("summary-tensor-tile", PRIMITIVES, Words("16x16x16", least=16**3, most=16**3), "", SUMMARY)
def macs_of_a_tile(m=16, n=16, k=16):
    """Multiply-accumulates of one tile operation of 16 x 16 x 16."""
    return tile_cost(m, n, k, (m, n, k)).macs


@cites("summary-a100-peak", PRIMITIVES, Number("312"), "TFLOP/s", SUMMARY)
def a100_peak() -> Fact:
    """Dense FP16 peak of the A100, as its data sheet has it."""
    return chip("A100").peaks["fp16"]


@computes("resnet50-arithmetic-microseconds", PRIMITIVES, Words("microseconds", *MICROSECONDS), "us", SUMMARY)
def arithmetic(R_peak=312e12) -> Seconds:
    """Time of the FLOP of one image through ResNet-50 at the A100's full peak, and of nothing else."""
    return machine_time(build("resnet50").flop, 1, R_peak, eta=1.0)


@computes("b200-fp4-peak", PRIMITIVES, Number("18"), "PFLOP/s (sparse)", SUMMARY)
def b200_sparse(sparsity_factor=2):
    """The B200's dense FP4 peak, which is the 9 PFLOP/s of the page, times what 2:4 sparsity counts."""
    return sparsity_factor * chip("B200").peak("fp4")


@computes("resnet50-real-milliseconds", PRIMITIVES,
          Words("ms vs us", least=(MILLISECONDS[0], MICROSECONDS[0]), most=(MILLISECONDS[1], MICROSECONDS[1])), "us",
          SUMMARY)  # fmt: skip
def served_and_ideal():
    """One image through ResNet-50 on an A100: as NVIDIA measured it behind a server, and its arithmetic alone."""
    return [RESNET50_LATENCY[1].value, arithmetic()]
