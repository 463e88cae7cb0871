"""How many mappings there are, and one reordering that moves 36 times less: lines 1602 to 1681 (lab 10).

The formulas of the section count choices; each is held against choices that are counted one by one where they are few.

>>> from labcore.claims.ledger import claim
>>> claim("ex1-3-order-b-weight-reads").computed
5184
"""

from __future__ import annotations

from itertools import permutations, product

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import A_FEW, HUNDREDS, Identity, Number, Truth, Words, on_the_order_of
from labcore.loopnest import Level, Nest, conv_problem, matmul_problem, traffic
from labcore.loopnest.nest import Problem
from labcore.mapping.orders import turning
from labcore.mapping.space import loop_orders, parallel_choices, placements, search_space
from labcore.precision import bytes_per_element
from labcore.roofline import intensity, ridge
from labcore.scaling import times

LAB = "10_mapping"
SPACE, EXAMPLE, CHECK = (f"{LAB}#{cell}" for cell in ("space", "example-1-3", "self-check"))
ORDERING, PARALLEL = "Text §Ordering computation", "Text §Parallelization across PEs"
SEARCH, EX = "Text §Mapping search space", "Example 1.3"
BILLION = 10**9


@computes("loop-nest-matmul-three-loops", ORDERING, Words("three loops", least=3, most=3), "", SPACE)
def loops_of_a_product():
    """Loops of a matrix product: batch (M), input features (K), output features (N)."""
    return len(matmul_problem(2, 2, 2).sizes)


@computes("eq-unnumbered-loop-orders", "Equation (unnumbered) §Ordering computation",
          Identity("N_order = n_loops!"), "", SPACE)  # fmt: skip
def orders(n_loops=7):
    """Orders of 1 to 7 loops, by the formula and written out one by one."""
    counts = range(1, n_loops + 1)
    return [loop_orders(n) for n in counts], [sum(1 for _ in permutations(range(n))) for n in counts]


@computes("loop-orders-seven", ORDERING, Number("5,040"), "", SPACE)
def seven_loops(n_loops=7):
    """Orders of the seven loops of a convolution."""
    return loop_orders(n_loops)


@computes("margin-fig-mapping-explosion", "Margin figure (unnumbered), §Ordering computation",
          Words("handful to billion-scale", least=(A_FEW[0], on_the_order_of(BILLION)[0]),
                most=(A_FEW[1], on_the_order_of(BILLION)[1])), "", SPACE)  # fmt: skip
def ends_of_the_line(n=4, N_comp=5, N_mem=3):
    """Placements of one dimension in one memory, and of the page's five in three."""
    return [placements(n, 1, 1), placements(n, N_comp, N_mem)]


@computes("eq-unnumbered-multilevel-orders", "Equation (unnumbered) §Ordering computation",
          Identity("(n_loops!)^N_mem"), "", SPACE)  # fmt: skip
def orders_in_several_memories(n_loops=3, N_mem=3):
    """Orders of three loops in one, two and three memories, by the formula and written out."""
    levels = range(1, N_mem + 1)
    every = list(permutations(range(n_loops)))
    return [loop_orders(n_loops, m) for m in levels], [sum(1 for _ in product(every, repeat=m)) for m in levels]


@computes("eq-unnumbered-parallel-permutations", "Equation (unnumbered) §Parallelization across PEs",
          Identity("P = n!/(n-k)!"), "", SPACE)  # fmt: skip
def spread_loops(n_loops=6):
    """Ways to spread 1 to 6 of six loops, their order counted, by the formula and written out."""
    picks = range(1, n_loops + 1)
    return [parallel_choices(n_loops, k) for k in picks], [
        sum(1 for _ in permutations(range(n_loops), k)) for k in picks
    ]


@computes("parallel-six-choose-three-ordered", PARALLEL, Number("120"), "", SPACE)
def three_of_six(n_loops=6, k=3):
    """Three of six loops in order; whether hardware allows each of them is not asked."""
    return parallel_choices(n_loops, k)


@computes("parallel-hundreds-per-layer", PARALLEL, Words("hundreds", *HUNDREDS), "", SPACE)
def several_of_seven(n_loops=7, few=3, more=4):
    """Three, and four, of a convolution's seven loops in order."""
    return [parallel_choices(n_loops, k) for k in (few, more)]


@computes("eq-unnumbered-memory-placement", "Equation (unnumbered) §Memory placement", Identity("n^(N_comp*N_mem)"), "",
          SPACE)  # fmt: skip
def places(n=4, N_comp=2, N_mem=3):
    """Placements of two dimensions in one to three memories, by the formula and written out."""
    levels = range(1, N_mem + 1)
    written = [sum(1 for _ in product(range(n), repeat=N_comp * m)) for m in levels]
    return [placements(n, N_comp, m) for m in levels], written


@computes("mem-placement-4-pow-15", "Text §Memory placement", Number("1,073,741,824"), "", SPACE)
def page_placements(n=4, N_comp=5, N_mem=3):
    """Four choices for each of five dimensions in each of three memories."""
    return placements(n, N_comp, N_mem)


@computes("mapping-over-a-billion", SEARCH, Truth(words="over a billion memory configurations"), "", SPACE)
def over_a_billion(n=4, N_comp=5, N_mem=3):
    """The placements of one layer exceed 10^9."""
    return placements(n, N_comp, N_mem) > BILLION


@computes("eq-unnumbered-mapping-search-space", "Equation (unnumbered) §Mapping search space",
          Identity("(n^N_comp * n_loops! * P)^N_mem"), "", SPACE)  # fmt: skip
def whole_space(n=4, N_comp=5, n_loops=6, k=3, N_mem=3):
    """All choices with the page's numbers: of one memory and raised to three, and factor by factor over all three.

    Dimensions that are placed are five and loops that are ordered six, since the page draws them from two examples.
    """
    each = placements(n, N_comp, N_mem) * loop_orders(n_loops, N_mem) * parallel_choices(n_loops, k) ** N_mem
    return search_space(n, N_comp, n_loops, k, N_mem), each


# Example 1.3: 16 filters of 3 x 3 over 8 x 8, one channel, one word of each operand kept.


def example(filters: int = 16, image: int = 8, side: int = 3) -> Problem:
    """The convolution of Example 1.3; of its seven loops, those over images and channels do not turn."""
    return conv_problem(N=1, C=1, H=image, W=image, K=filters, R=side, S=side)


def weight_reads(order: str, **sizes: int) -> int:
    """Weights that come in under an order of the five loops, with one word of each operand kept."""
    problem = example(**sizes)
    return traffic(Nest(problem, [Level(dict.fromkeys(problem.sizes, 1), f"NC{order}")]))[0].B_reads


@computes("ex1-3-loop-count", EX, Number("120"), "", EXAMPLE)
def orders_of_the_example(filters=16):
    """Orders of the loops that turn."""
    problem = example(filters=filters)
    return loop_orders(len(turning(problem, dict.fromkeys(problem.sizes, 1))))


@computes("ex1-3-output-positions", EX, Number("36"), "", EXAMPLE)
def positions(image=8, side=3):
    """Output positions of one filter."""
    return example(image=image, side=side).elements("C") // example(image=image, side=side).sizes["K"]


@computes("ex1-3-order-a-weight-loads", EX, Number("144"), "", EXAMPLE)
def weights_stay(filters=16, side=3):
    """Weight reads with the loops of the filters outermost: each weight comes in once."""
    return weight_reads("KRSPQ", filters=filters, side=side)


@computes("ex1-3-order-b-weight-reads", EX, Number("5,184"), "", EXAMPLE)
def outputs_stay(filters=16, image=8):
    """Weight reads with the loops of the output outermost; a buffer for all 144 weights would read them once."""
    return weight_reads("PQKRS", filters=filters, image=image)


@computes("ex1-3-36x-reduction", EX, Number("36"), "x", EXAMPLE)
def reduction(image=8):
    """Weight reads of the second order over those of the first; inputs and partial sums are not in this number."""
    return times(outputs_stay(image=image), weights_stay())


@computes("mapping-potentially-billions", "Text §Hardware Mapping",
          Truth(words="potentially billions of configurations for one layer"), "", f"{LAB}#trade-offs")  # fmt: skip
def billions_of_configurations(n=4, N_comp=5, n_loops=6, k=3, N_mem=3):
    """The whole space by the section's own numbers exceeds billions, by far with three memories."""
    return search_space(n, N_comp, n_loops, k, N_mem) > 2 * BILLION


SET = "Self-Check set 5"

shows("sc5-q1", f"{SET} Q1",
      "Where each operation runs, where each tensor lies, and in which order and step with each other they go: three "
      "decisions, taken together.", CHECK)  # fmt: skip
shows("sc5-q2", f"{SET} Q2",
      "Work placed on many units needs its operands in their small memories; what does not fit there goes out and "
      "comes back, and the units wait for it.", CHECK)  # fmt: skip


@computes("sc5-q3", f"{SET} Q3", Words("six loops", least=6, most=6), "", CHECK)
def loops_of_one_image():
    """Loops that turn in a convolution of one image with several channels and filters."""
    problem = conv_problem(N=1, C=2, H=4, W=4, K=2, R=3, S=3)
    return len(turning(problem, dict.fromkeys(problem.sizes, 1)))


@computes("sc5-q4", f"{SET} Q4", Words("95% / 18%", most=1), "x", CHECK)
def share_of_the_ridge(hbm=0.95, pe=0.18, R_peak=312e12, BW=2.04e12):
    """Intensity that the two shares imply, over the ridge point: below 1 bytes are short, so the allocation failed.

    Its inverse is how many times fewer bytes the kernel may ask of the HBM before the units are what binds.
    """
    return intensity(pe * R_peak, hbm * BW) / ridge(R_peak, BW)


@computes("sc5-q5", f"{SET} Q5", Truth(words="the space exceeds billions"), "", CHECK)
def beyond_enumeration(n=4):
    """Placements alone, of five dimensions in three memories, exceed a billion."""
    return placements(n, 5, 3) > BILLION


@computes("precision-doubles-bytes-fp16-fp32", f"{SET} Q4 answer", Number("2"), "x", CHECK)
def more_digits_more_bytes(wide="fp32", narrow="fp16"):
    """Bytes of an element in FP32 over those in FP16: what raising the precision would add to a full HBM."""
    return bytes_per_element(wide) / bytes_per_element(narrow)
