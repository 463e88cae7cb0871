"""Vector operations: Listings 1 to 4, Table 2 and the Cray-1.

Counts are those of the machine that runs the layer, not of a formula.

>>> from labcore.claims.ledger import claim
>>> claim("vector-chunk-count", lanes=16).computed
262144
"""

from __future__ import annotations

from functools import cache

import numpy as np

from labcore.catalogue import chip
from labcore.catalogue.history import CDC_7600_PEAK, CPI, CRAY_1, in_dollars_of, pipeline_peak
from labcore.catalogue.history import results_a_cycle as results_over_clock
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Identity, Number, Range, Truth, Words
from labcore.models.zoo import build
from labcore.vector.dense import count_dense, dense_as_printed
from labcore.vector.machine import Machine

LAB = "03_compute_primitives"


@cache
def ran(B: int, d_in: int, d_out: int, lanes: int = 8, fused: bool = True) -> Machine:
    """A machine that has run the dense layer of these sizes; read its counts only."""
    return count_dense(Machine(vlen=32 * lanes, sew=32, fused=fused), B, d_in, d_out)


@computes(
    "cpu-to-accelerator-gflops", "Text §AI Compute Primitives",
    Words("about 100 GFLOP/s to 100,000 and more", least=1000), "x", f"{LAB}#primitives",
)  # fmt: skip
def cpu_to_accelerator(cpu=100e9):
    """Dense FP16 peak of the V100 of 2017 over the chapter's round 100 GFLOP/s of a CPU."""
    return chip("V100").peak("fp16") / cpu


@computes(
    "macs-billions-per-inference", "Text §AI Compute Primitives", Words("billions of times", least=1e9), "",
    f"{LAB}#primitives",
)  # fmt: skip
def macs_of_one_inference(network="resnet50"):
    """Multiply-accumulates of one image through ResNet-50, layer by layer."""
    return sum(layer.count * layer.op.macs for layer in build(network).layers)


shows(
    "three-compute-primitives", "Text §AI Compute Primitives",
    "Three kinds of units do the work of a layer: vector units, matrix units and special-function units.",
    f"{LAB}#primitives",
)  # fmt: skip


@computes("listing-1-dense-macs", "Listing 1", Number("131,072"), "", f"{LAB}#dense-layer")
def macs_of_one_sample(d_in=256, d_out=512):
    """Multiply-accumulates that the machine does for one sample of the 256-to-512 layer."""
    return ran(1, d_in, d_out).macs


@computes(
    "listing-2-op-expansion", "Listing 2", Words("the product dominates the cost", least=10),
    "", f"{LAB}#dense-layer",
)  # fmt: skip
def macs_an_activation(B=32, d_in=256, d_out=512):
    """Multiply-accumulates of the product over activations evaluated after it: d_in to one."""
    machine = ran(B, d_in, d_out)
    return machine.macs / machine.instructions["fmax.s"]


@computes("listing-3-loop-macs", "Listing 3", Number("4.2"), "M", f"{LAB}#dense-layer")
def macs_of_the_loops(B=32, d_in=256, d_out=512):
    """Multiply-accumulates of the batch, counted by a scalar machine."""
    return ran(B, d_in, d_out, lanes=1).macs


@computes("listing-3-complexity", "Listing 3", Identity("MACs = B d_in d_out"), "", f"{LAB}#dense-layer")
def complexity(sizes=((32, 256, 512), (1, 7, 3), (5, 1, 9), (2, 9, 1))):
    """The machine's multiply-accumulates at several sizes, awkward ones too, beside B d_in d_out."""
    return [ran(*one).macs for one in sizes], [B * K * N for B, K, N in sizes]


@computes("vector-section-macs", "Text §Vector operations", Number("4.2"), "M", f"{LAB}#dense-layer")
def macs_of_the_batch(B=32, d_in=256, d_out=512):
    """Multiply-accumulates of the batch, counted by the vector machine."""
    return ran(B, d_in, d_out).macs


shows(
    "listing-4-stages", "Text §Vector operations",
    "A vector loop sets its length, clears its sums, loads, multiplies and adds, and moves its pointers on.",
    f"{LAB}#by-hand",
)  # fmt: skip
shows(
    "footnote-15-riscv-wait", "Footnote 15",
    "An open instruction set saves the wait for a vendor's extension, which the chapter puts at 5 to 10 years "
    "without a source; no calculation decides it.",
    f"{LAB}#by-hand",
)  # fmt: skip


@computes("listing-4-lanes", "Text §Vector operations", Number("8"), "elements", f"{LAB}#by-hand")
def partial_sums(vlen=256, bits=32):
    """Sums that one accumulator of 256 bits holds side by side."""
    return Machine(vlen=vlen, sew=bits).lanes


@computes("listing-4-fma-doubling", "Text §Vector operations", Number("2"), "x", f"{LAB}#vector-counts")
def arithmetic_saved():
    """Multiplications and additions of an unfused machine over the fused one's, in instructions; the rest stays."""
    fused, apart = (ran(32, 256, 512, fused=fused).instructions for fused in (True, False))
    return (apart["vfmul.vv"] + apart["vfadd.vv"]) / fused["vfmacc.vv"]


@computes(
    "listing-4-vector-loop", "Listing 4", Truth(words="the loop performs the layer's multiply-adds"), "",
    f"{LAB}#as-printed",
)  # fmt: skip
def listing_4_is_right(B=2, d_in=16, d_out=3, lanes=8):
    """Whether the loop as printed gives (B, d_in) @ (d_in, d_out), given the counts and stores that it leaves out."""
    return outputs_right(B, d_in, d_out, lanes) == B * d_out


@listing_4_is_right.erratum
def listing_4_as_printed():
    """Nothing in the listing changes feature_cnt, adds the eight partial sums or stores them.

    Given all that, its pointers still run on from neuron to neuron: {right} of {outputs} outputs of a {B} x {d_in} x
    {d_out} layer come out right. The chapter calls it illustrative. Would hold with the input pointer set back after
    each neuron and the weight pointer after each sample.
    """
    shape = {"B": 2, "d_in": 16, "d_out": 3}
    return shape | {"right": outputs_right(**shape, lanes=8), "outputs": shape["B"] * shape["d_out"]}


def outputs_right(B: int, d_in: int, d_out: int, lanes: int) -> int:
    """Outputs of Listing 4 as printed that agree with the product of random numbers."""
    rng = np.random.default_rng(0)
    x, w = rng.random((B, d_in)), rng.random((d_in, d_out))
    return int(np.isclose(dense_as_printed(Machine(vlen=32 * lanes), x, w), x @ w).sum())


@computes("listing-4-pointer-step", "Listing 4", Number("32"), "B", f"{LAB}#as-printed")
def pointer_step(lanes=8, bytes_per_element=4):
    """Bytes of one full vector; the listing's constant fits VLEN = 256 at 32-bit elements and nothing else."""
    machine = Machine(vlen=8 * bytes_per_element * lanes, sew=8 * bytes_per_element)
    return machine.lanes * machine.element_bytes


@computes("vector-lanes-eight", "Text §Vector operations", Number("8"), "elements", f"{LAB}#vector-counts")
def pairs_an_instruction(lanes=8):
    """Multiply-accumulates over multiply-accumulate instructions of the batch."""
    machine = ran(32, 256, 512, lanes)
    return machine.macs / machine.instructions["vfmacc.vv"]


@computes("vector-chunk-count", "Text §Vector operations", Number("524,288"), "", f"{LAB}#vector-counts")
def chunks(B=32, d_in=256, d_out=512, lanes=8):
    """Vector multiply-accumulates of the batch. All instructions of both machines are as 7 to 1, not 8 to 1."""
    return ran(B, d_in, d_out, lanes).instructions["vfmacc.vv"]


shows(
    "table-2-caption", "Table 2",
    "Reduction, gather, scatter, mask and broadcast: five patterns, each run below on the machine.",
    f"{LAB}#table-2",
)  # fmt: skip
shows(
    "table-2-row-reduction", "Table 2",
    "A reduction folds a vector into one number: pooling, the sum under a softmax.", f"{LAB}#table-2",
)  # fmt: skip
shows(
    "table-2-row-gather", "Table 2",
    "A gather reads from addresses that need not be neighbours: embeddings, sparse operands.", f"{LAB}#table-2",
)  # fmt: skip
shows(
    "table-2-row-scatter", "Table 2",
    "A scatter writes to such addresses: gradients of embeddings, where two lanes may meet at one row.",
    f"{LAB}#table-2",
)  # fmt: skip
shows(
    "table-2-row-masked", "Table 2",
    "A mask leaves lanes out: causal attention, padded batches. The lanes left out still take their time.",
    f"{LAB}#table-2",
)  # fmt: skip
shows(
    "table-2-row-broadcast", "Table 2",
    "A scalar operand meets every lane: biases, scale factors.", f"{LAB}#table-2",
)  # fmt: skip


@cites("cray-1-year", "Text §Vector operations", Number("1975"), "year", f"{LAB}#cray")
def cray_1_year():
    """Year in which the Cray-1 was announced; the first one was installed in 1976."""
    return CRAY_1["announced"]


@computes(
    "elementwise-billions-per-pass", "Text §Vector operations", Words("billions per forward pass", least=1e9), "",
    f"{LAB}#cray",
)  # fmt: skip
def elementwise_operations(network="llama3-8b"):
    """Element-wise operations of one pass of Llama 3 8B over 512 tokens."""
    return sum(layer.count * layer.op.flop for layer in build(network).layers if layer.op.kind == "elementwise")


@computes("footnote-16-cray-1-mflops", "Footnote 16", Number("160"), "MFLOP/s", f"{LAB}#cray")
def cray_1_peak(clock=CRAY_1["clock"].value, results=CRAY_1["results a cycle"].value):
    """Peak of the Cray-1: an addition and a multiplication come out of their pipelines in each cycle."""
    return pipeline_peak(clock, results)


@computes("footnote-16-cray-1-speedup", "Footnote 16", Number("1,000"), "x", f"{LAB}#cray")
def cray_1_speedup(clock=CRAY_1["clock"].value, results=2, contemporary=CDC_7600_PEAK.value):
    """Peak of the Cray-1 over that of the fastest machine before it, the CDC 7600."""
    return pipeline_peak(clock, results) / contemporary


@cray_1_speedup.erratum
def not_a_thousand_times():
    """Against the CDC 7600 at {contemporary:.0f} MFLOP/s, the Cray-1's 160 are {ratio:.1f} times.

    Would hold beside a contemporary of {needed:.2f}  MFLOP/s.
    """
    peak, contemporary = cray_1_peak(), CDC_7600_PEAK.value
    return {"contemporary": contemporary / 1e6, "ratio": peak / contemporary, "needed": peak / 1000 / 1e6}


@computes("footnote-16-cray-1-vector-length", "Footnote 16", Number("64"), "", f"{LAB}#cray")
def results_at_a_time(peak=160e6, clock=CRAY_1["clock"].value):
    """Results at the same time: the Cray-1's peak over its clock."""
    return results_over_clock(peak, clock)


@results_at_a_time.erratum
def one_after_another():
    """{length:.0f} is the length of a vector register; its elements enter a pipeline one after another.

    The peak over the clock is {results:.0f} results a cycle, one from the adder and one from the multiplier. Would hold
    with "64 elements by one instruction".
    """
    return {"length": CRAY_1["vector length"].value, "results": results_at_a_time()}


@computes("footnote-16-cray-1-price", "Footnote 16", Range("40", "45"), "M USD", f"{LAB}#cray")
def price_in_2024(price=CRAY_1["price"].value, then=CPI[1976].value, now=CPI[2024].value):
    """The price of the first Cray-1 in dollars of 2024, by the consumer price index."""
    return in_dollars_of(price, then, now)


@price_in_2024.erratum
def price_index():
    """8.8 million dollars of 1976 are {value:.1f} million of 2024: the price index went from {then:.1f} to {now:.1f}.

    Would hold of a price from {low:.1f} to {high:.1f}  million.
    """
    then, now = CPI[1976].value, CPI[2024].value
    low, high = (in_dollars_of(one, now, then) for one in (40, 45))
    return {"value": price_in_2024() / 1e6, "then": then, "now": now, "low": low, "high": high}
