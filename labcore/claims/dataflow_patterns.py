"""Weight, output and input stationary: lines 1694 to 1802.

>>> from labcore.claims.ledger import claim
>>> claim("listing-15-row-column-counts").computed
[32, 512]
"""

from __future__ import annotations

from functools import cache

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import HUNDREDS, THOUSANDS, Each, Identity, Number, Truth, Words
from labcore.dataflow import STATIONARY, best, counts, sweep
from labcore.dataflow.energy import edge_words
from labcore.loopnest import Traffic, matmul_problem, matmul_traffic
from labcore.models.zoo import build

LAB = "11_dataflow"
LISTING, THREE, STAYS = (f"{LAB}#{cell}" for cell in ("listing-15", "three-loops", "what-stays"))
SUMMARY = f"{LAB}#no-winner"
TEXT = "Text §Dataflow Optimization"
MOVEMENT, OUTPUT, INPUT = (
    f"Text §{name}" for name in ("Data movement patterns", "Output stationary", "Input stationary")
)
NETWORKS = (("resnet50", {}), ("gpt2", {"seq": 512}), ("dlrm", {"batch": 128}))

shows(
    "dataflow-three-decisions", TEXT,
    "A dataflow answers three questions: which operand stays near the arithmetic, in which order a tensor lies in "
    "memory, and which operations share a visit to it.", THREE,
)  # fmt: skip
shows(
    "dataflow-90-percent", TEXT,
    "Estimates how far a few patterns go without a search; no count stands behind the share. The lab counts at how "
    "many layers and buffers the choice of a dataflow makes no difference.", SUMMARY, Number("90"), "%",
)  # fmt: skip
shows(
    "dataflow-four-building-blocks", "Text §Building blocks of mapping strategies",
    "What stays, how tensors lie, what is fused and how it is tiled: four choices, of which this lab makes the first "
    "and the last together, since a dataflow without its tile moves no particular number of words.", THREE,
)  # fmt: skip


def naive(M: int, K: int, N: int) -> Traffic:
    """What listing 15 moves: weights (M, K) are B and inputs (K, N) are A, so i, j, k are the loops N, M, K."""
    return matmul_traffic(N, K, M, tile=(1, 1, 1), order="NMK")


@computes("listing-15-naive-matmul", "Listing 15", Identity("512x256 times 256x32"), "", LISTING)
def loads_of_listing_15(M=512, K=256, N=32):
    """Operands that the three loops load, by the count of the nest and as two for each multiply-accumulate."""
    moved = naive(M, K, N)
    return moved.A_reads + moved.B_reads, 2 * matmul_problem(N, K, M).macs


@computes("listing-15-row-column-counts", MOVEMENT, Each("32", "512"), "", LISTING)
def loads_of_an_element(M=512, N=32):
    """How often the loops of listing 15 load one weight, and one input, whatever the inner size."""
    moved = naive(M, 2, N)
    return [moved.B_reads // (M * 2), moved.A_reads // (2 * N)]


@computes("listing-15-256-pairs", MOVEMENT, Number("256"), "", LISTING)
def terms_of_a_sum(K=256):
    """Multiply-accumulates for each output, whatever the outer sizes."""
    return matmul_problem(4, K, 4).macs // naive(4, K, 4).C_writes


def moved_by(order: str, M: int, K: int, N: int, block: int) -> Traffic:
    """What square blocks of weights (M, K) and inputs (K, N) move under an order of the nest."""
    return matmul_traffic(N, K, M, tile=(block, block, block), order=order)


@computes("listing-16-weight-stationary", "Listing 16", Truth(words="weights stay, inputs and sums stream"), "",
          STAYS)  # fmt: skip
def weights_come_once(M=512, K=256, N=32, block=16, order="NKM"):
    """With inputs innermost each weight comes once, and inputs and sums come more often."""
    moved = moved_by(order, M, K, N, block)
    return moved.B_reads == M * K and moved.A_reads > K * N and moved.C_writes > M * N


@computes("weight-stationary-tradeoffs", "Text §Weight stationary",
          Truth(words="inputs and sums pay, and a larger memory helps"), "", STAYS)  # fmt: skip
def others_pay(M=1024, K=1024, N=1024, small=4096, large=65536):
    """A product whose weights come once from either buffer moves other words in plenty, and fewer with the larger."""
    problem = matmul_problem(N, K, M)
    first, second = (counts(problem, best(problem, "ws", words)) for words in (small, large))
    return first.B_reads == second.B_reads == M * K and first.words > second.words > first.B_reads


@computes("output-stationary-hundreds-thousands", OUTPUT,
          Words("hundreds or thousands", least=HUNDREDS[0], most=THOUSANDS[1]), "", STAYS)  # fmt: skip
def terms_in_gpt2(seq=512):
    """Weight-input pairs in one output of a GPT-2 block: its four dense layers, and attention's weights on the values.

    The scores of attention pair queries with keys and no weight; they add up as many products as a head is wide, 64.
    """
    layers = {layer.name: layer.op for layer in build("gpt2", seq=seq).layers}
    return [layers[name].shape["K"] for name in WEIGHTED]


@computes("listing-17-output-stationary", "Listing 17", Truth(words="each output is written once"), "", STAYS)
def outputs_leave_once(M=512, K=256, N=32, block=16, order="NMK"):
    """With the inner size innermost each sum leaves once and never returns, and both operands come more often."""
    moved = moved_by(order, M, K, N, block)
    return (moved.C_writes, moved.C_reads) == (M * N, 0) and moved.A_reads > K * N and moved.B_reads > M * K


@computes("listing-18-input-stationary", "Listing 18", Truth(words="inputs stay, weights stream"), "",
          STAYS)  # fmt: skip
def inputs_come_once(M=512, K=256, N=32, block=16, order="MKN"):
    """With weights innermost each input comes once, and weights and sums come more often."""
    moved = moved_by(order, M, K, N, block)
    return moved.A_reads == K * N and moved.B_reads > M * K and moved.C_writes > M * N


@computes("three-dataflows-summary", INPUT,
          Truth(words="each moves its own operand least, none dominates, row stationary is no fourth kind"), "",
          SUMMARY)  # fmt: skip
def each_saves_its_own(buffer_words=65536, side=128, ws="ws"):
    """On every layer of three networks ws moves fewest weights, os fewest sums, is fewest inputs; none is always best.

    At the edge of an array each of the three has layers at which it alone moves fewest words. Between memory and a
    buffer output stationary is seldom behind. No convolution moves less under row stationary, a loop order on tiles of
    whole rows, than under the best of the three.
    """
    own = (ws, "B_reads"), ("os", "C_writes"), ("is", "A_reads")
    layers = operand_by_operand(buffer_words)
    least = all(
        getattr(moved[name], what) == min(getattr(moved[flow], what) for flow in STATIONARY)
        for moved in layers for name, what in own
    )  # fmt: skip
    rows = [(moved["rs"].words, min(moved[name].words for name in STATIONARY)) for moved in layers if "rs" in moved]
    return least and ahead_alone(side) == set(STATIONARY) and all(row >= three for row, three in rows)


def ahead_alone(side: int) -> set[str]:
    """The dataflows that alone move fewest words over the edge of an array, at some layer of the three networks."""
    found = set()
    for op in (layer.op for name, options in NETWORKS for layer in build(name, **options).layers if layer.op.macs):
        words = {flow: edge_words(op, flow, side) for flow in STATIONARY}
        first = [flow for flow in STATIONARY if words[flow] == min(words.values())]
        found |= set(first) if len(first) == 1 else set()
    return found


@cache
def operand_by_operand(buffer_words: int) -> list[dict[str, Traffic]]:
    """For each shape of layer of the three networks, what each dataflow moves, operand by operand."""
    found = {}
    for name, options in NETWORKS:
        for one in sweep(build(name, **options), (*STATIONARY, "rs"), [buffer_words]):
            moved = found.setdefault(tuple(one.problem.operands.items()), {})
            if one.dataflow not in moved:
                moved[one.dataflow] = counts(one.problem, one.tiled)
    return list(found.values())


WEIGHTED = ("attn.qkv", "attn.proj", "mlp.up", "mlp.down", "attn.context")
