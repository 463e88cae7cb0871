"""Blocks that stay in fast memory: lines 1952 to 2051, and the questions of set 6 about tiling.

>>> from labcore.claims.ledger import claim
>>> claim("fn37-tiling-on-fetches").computed
[1024, 32]
"""

from __future__ import annotations

import math

import numpy as np

from labcore.catalogue import memory
from labcore.catalogue.execution import SM_A100
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import MUCH_GREATER, Answer, Identity, Range, Truth, Words
from labcore.energy import access_energy
from labcore.loopnest import Level, Nest, conv_problem, matmul_problem, matmul_traffic, traffic
from labcore.mapping import compulsory
from labcore.mapping.space import matmul_space
from labcore.ops import matmul, softmax
from labcore.roofline import bound, intensity, ridge
from labcore.scaling import times
from labcore.tiling.choice import bytes_held, words_held
from labcore.tiling.intensity import load_intensity, product_intensity
from labcore.tiling.overlap import steps
from labcore.tiling.product import counts, naive, staged
from labcore.tiling.strategies import hybrid, spatial, temporal

LAB = "14_tiling"
NAIVE, SLOW, BLOCKED = f"{LAB}#three-loops", f"{LAB}#how-much-slower", f"{LAB}#six-loops"
STAGED, TRADE, TABLE = f"{LAB}#staging", f"{LAB}#too-small-too-large", f"{LAB}#table-21"
CHECK = f"{LAB}#self-check"
FUNDAMENTALS, TABLE_21 = "§Tiling fundamentals", "Table 21"
L1 = memory.V100_LEVELS[-1].capacity.value  # of one multiprocessor
LAYER = conv_problem(N=1, C=64, H=56, W=56, K=64, R=3, S=3, padding=1)  # of ResNet-50, from 64 to 64 channels
LAYER_TILE = {"K": 16, "C": 16, "P": 7, "Q": 8}
WRITTEN, WEIGHTS_STAY = "NKPQCRS", "KCRSNPQ"  # loop orders; as written, the sums stay


def small(M: int = 8, K: int = 8, N: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """A (M, K) and B (K, N) of whole numbers, all different."""
    return np.arange(M * K).reshape(M, K), np.arange(K * N)[::-1].reshape(K, N)


@computes("fn37-tiling-on-fetches", "Text §Tiling footnote 37",
          Words("O(N) vs once per tile", least=(1024, 32), most=(1024, 32)), "", NAIVE)  # fmt: skip
def fetches_of_an_element(N=1024, T=32):
    """Times that an element of A is fetched: N without tiles; with them once for each of the N / T tiles it serves."""
    loose, tiled = counts("naive", N, N, N, (T, T, T))[0], matmul_traffic(N, N, N, (T, T, T))
    return [loose.A_reads // N**2, tiled.A_reads // N**2]


@computes("listing-20-naive-matmul", "Listing 20", Words("O(N^3)", least=3, most=3), "", NAIVE)
def exponent_of_the_accesses(N=1024):
    """The power of N with which accesses grow: log2 of those at 2 N over those at N; the listing makes 4 N^3."""
    once, twice = (counts("naive", n, n, n, (1, 1, 1))[0].words for n in (N, 2 * N))
    return math.log2(twice / once)


@computes("fig-14-matrix-tiling", "Figure 14",
          Words("symbolic M,N,K", least=(1024, 32, 12288), most=(1024, 32, 12288)), "", f"{LAB}#figure-14")  # fmt: skip
def tiles_steps_and_bytes(M=1024, N=1024, K=1024, T=32):
    """Tiles of C, steps along K for each of them, and bytes of one FP32 tile of A, B and C together."""
    tiles = steps(M, 1, N, (T, 1, T))
    return [tiles, steps(M, K, N, (T, T, T)) // tiles, 4 * words_held((T, T, T))]


@computes("eq-unnumbered-matmul-sum", f"Equation (unnumbered) {FUNDAMENTALS}",
          Identity("C[i, j] = sum over k of A[i, k] B[k, j]"), "", NAIVE)  # fmt: skip
def sum_over_k(M=2, K=3, N=2):
    """The product by three loops, and by numpy."""
    A, B = small(M, K, N)
    return naive(A, B).C.ravel().tolist(), (A @ B).ravel().tolist()


@computes("dram-100-1000x-slower", f"Text {FUNDAMENTALS}", Range("100", "1,000"), "x", SLOW)
def slower_than_on_chip(hbm=100e-9, dram_hi=150e-9, l1_lo=1e-9, l1_hi=10e-9, reg=0.5e-9):
    """HBM's wait in Table 10 over that of its slowest and fastest cache and of a register; then the longest DRAM's."""
    return [times(hbm, l1_hi), times(hbm, l1_lo), times(hbm, reg), times(dram_hi, reg)]


@slower_than_on_chip.erratum
def less_than_a_hundred_from_a_cache(lighthouse=300e-9, l2=4e-9, l1=1e-9, reg=0.5e-9):
    """For a cache Table 10 gives {least:.0f} to {most:.0f}, the latter for its fastest alone.

    Lighthouse 1.2 gives {lit_l2:.0f} for an L2, though {lit_l1:.0f} for an L1. Measured, a V100 waits {l1:.1f} times as
    long for HBM as for an L1 and {shared:.0f} times as long as for shared memory; its L1s deliver {bandwidth:.0f} times
    HBM's bytes a second. What is {energy:.0f} times as much, at 45 nm, is the energy of a word from DRAM over one from
    8 KiB of SRAM: the cited papers tabulate energies. Would hold of a register: HBM takes {register:.0f} times as long
    by Table 10, its slowest DRAM {worst:.0f}; by Lighthouse 1.2's 300 ns it is {lit:.0f}, on a V100 {cycles:.0f}.
    """
    hbm, near, waits = memory.V100_LEVELS[0], memory.V100_LEVELS[-1], memory.V100_CYCLES["HBM"].value
    found = slower_than_on_chip()
    return {
        "least": found[0], "most": found[1], "register": found[2], "worst": found[3],
        "lit": times(lighthouse, reg), "lit_l2": times(lighthouse, l2), "lit_l1": times(lighthouse, l1),
        "cycles": waits / memory.REGISTER_CYCLES.value, "l1": waits / memory.V100_CYCLES["L1"].value,
        "shared": waits / memory.SHARED_CYCLES.value,
        "bandwidth": near.bandwidth.value / hbm.bandwidth.value,
        "energy": access_energy("DRAM", 4) / access_energy("SRAM 8 KiB", 4),
    }  # fmt: skip


@computes("listing-21-cache-blocked", "Listing 21", Words("TILE_SIZE = 32", least=(32, 0), most=(32, L1)), "", BLOCKED)
def blocks_of_32(T=32, N=1024, b=4):
    """How many times fewer words of A and B cross to DRAM once three tiles stay, and their bytes, which an L1 holds."""
    loose, tiled = (matmul_traffic(N, N, N, (t, t, t)) for t in (1, T))
    return [loose.A_reads // tiled.A_reads, b * words_held((T, T, T))]


@computes("tiling-three-effects", "Text §Performance benefits of tiling", Words("significantly", least=MUCH_GREATER),
          "x", BLOCKED)  # fmt: skip
def three_effects(N=1024, T=32):
    """Reuse of a fetched word, bytes a second that one pace of arithmetic asks for, and intensity: each so much better.

    All three are one factor, words without tiles over words with them; the intensity counts the results too.
    """
    loose, tiled = (matmul_traffic(N, N, N, (t, t, t)) for t in (1, T))
    before, after = (product_intensity(N, N, N, (t, t, t)) for t in (1, T))
    return [loose.A_reads / tiled.A_reads, loose.reads / tiled.reads, after / before]


shows("tiling-spatial-vs-temporal", "Text §Tiling methods",
      "To cut the data decides how large the pieces are that fast memory holds; to block the loops decides which piece "
      "stays while the others pass.", TABLE)  # fmt: skip


@computes("listing-22-explicit-staging", "Listing 22", Words("TILE_SIZE tiles", least=32, most=32), "", STAGED)
def tiles_copied_before_use(T=32, N=32):
    """Reads of A and B in slow memory without tiles, over those where each tile is copied to fast memory before use.

    The listing's two slices stand for these copies; numpy's are views, and read A and B as often as without tiles.
    """
    A, B = small(N, N, N)
    loose, copied = naive(A, B).traffic[0], staged(A, B, (T, T, T)).traffic[0]
    return times(loose.A_reads + loose.B_reads, copied.A_reads + copied.B_reads)


@computes("tile-size-tradeoff", "Text §Tiling challenges",
          Words("too small / too large", least=(0, 1), most=(1, math.inf)), "x", TRADE)  # fmt: skip
def too_small_too_large(small=32, large=256, b=2, R_peak=312e12, BW=2.039e12, capacity=SM_A100.shared.value):
    """On an A100: intensity of the small tile's loads over the ridge, and the large tile's bytes over one scratchpad.

    The first below 1 waits for memory, the second above 1 does not fit: A and B in fp16, sums in FP32.
    """
    return [load_intensity(small, small, b) / ridge(R_peak, BW), bytes_held((large,) * 3, b) / capacity]


shows("table21-caption", TABLE_21,
      "Three ways to tile side by side: choose the tiles, choose the loop order, choose both.", TABLE)  # fmt: skip


@computes("table21-goal", TABLE_21, Truth(words="each of the three moves fewer words than no tiling"), "", TABLE)
def each_saves(buffer_words=8192):
    """A layer of ResNet-50: best tiles, best order of given tiles, and both, against single elements as written."""
    loose, tiled = (spatial(LAYER, room, WRITTEN).traffic for room in (3, buffer_words))
    return max(tiled, temporal(LAYER, LAYER_TILE).traffic, hybrid(LAYER, buffer_words).traffic) < loose


shows("table21-focus", TABLE_21,
      "Spatial tiling has the tile for its unknown, temporal tiling the order of the loops, hybrid tiling both.",
      TABLE)  # fmt: skip


@computes("table21-memory", TABLE_21, Truth(words="both together move least"), "", TABLE)
def both_move_least(order=WEIGHTS_STAY, buffer_words=8192):
    """Hybrid tiling moves fewer words than the best tiles in an order that keeps the weights, and than one tile.

    It tries all of them, so more it never moves; with the order as written, in which the sums stay, it is as many.
    """
    both = hybrid(LAYER, buffer_words).traffic
    return both < min(spatial(LAYER, buffer_words, order).traffic, temporal(LAYER, LAYER_TILE).traffic)


@computes(
    "table21-use-cases",
    TABLE_21,
    Truth(words="weights of convolutions and RNNs are read once where they stay"),
    "",
    TABLE,
)
def uses(time_steps=64, d=64, kept=64):
    """A convolution reads each weight once in the order that keeps them, as written once for each tile of outputs.

    So does an RNN read its d x d weights, where they fit: it cannot go through time in another order, so they stay only
    where `kept` x `kept` are all of them. Whether all words together are fewer depends on the tile.
    """
    tile = {**LAYER.sizes, **LAYER_TILE}
    stay, written = (traffic(Nest(LAYER, [Level(tile, order)]))[0].B_reads for order in (WEIGHTS_STAY, WRITTEN))
    in_time = matmul_traffic(time_steps, d, d, (1, kept, kept), "MKN")
    return stay == LAYER.elements("B") < written and in_time.B_reads == d * d


shows("table21-gains", TABLE_21,
      "A fetch takes as long as before, and there are fewer of them: less bandwidth is asked for, and the mean wait of "
      "an access falls.", TABLE)  # fmt: skip


@computes("table21-challenges", TABLE_21, Words("careful tile size selection", least=MUCH_GREATER), "x", TABLE)
def worst_over_best(N=512, buffer_words=8192):
    """The most words that a tile and order which fit move, over the fewest."""
    space = matmul_space(N, N, N, buffer_words)
    return times(space.most, space.least)


@computes("table21-best-when", TABLE_21, Truth(words="tiling pays where the data exceed the buffer"), "", TABLE)
def pays_where_data_exceed(N=512, buffer_words=8192):
    """The best tile moves words again and again, though fewer than no tile; where all fits, each moves once."""
    problem = matmul_problem(N, N, N)
    return compulsory(N, N, N) < hybrid(problem, buffer_words).traffic < spatial(problem, 3, "MNK").traffic


@computes("sc6-q4", "Self-Check set 6 Q4", Answer("A"), "", CHECK)
def reuse_raises_intensity(N=1024, T=32, R_peak=312e12, BW=2.039e12):
    """Blocks raise a product's intensity at the same FLOP; at this tile an A100 still waits, so D is wrong."""
    before, after = (product_intensity(N, N, N, (t, t, t)) for t in (1, T))
    return after > before and bound(after, ridge(R_peak, BW)) == "memory"


@computes("sc6-q6", "Self-Check set 6 Q6", Answer("A"), "", CHECK)
def each_layer_its_own(S=4096, d=64, d_model=4096, T=512, R_peak=312e12, BW=2.039e12):
    """Attention of S tokens waits for memory until it is fused; an MLP's product until it is blocked, here in an L2.

    Fused, queries, keys, values and outputs move once each, as where the L2 holds one head's keys and values, 1 MiB of
    FP16; the MLP's three tiles are 2 MiB, sums in FP32. Shorter sequences and smaller tiles go on waiting.
    """
    scores, values = matmul(S, d, S), matmul(S, S, d)
    apart = scores.D_vol + softmax(S, S).D_vol + values.D_vol
    fused = 2 * (S * d) * 4  # bytes of Q, K, V and the output
    flop = scores.flop + values.flop
    loose, tiled = (product_intensity(S, d_model, 4 * d_model, (t, t, t)) for t in (1, T))
    found = [bound(I, ridge(R_peak, BW)) for I in (intensity(flop, apart), intensity(flop, fused), loose, tiled)]
    return found == ["memory", "compute"] * 2
