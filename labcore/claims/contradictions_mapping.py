"""Where two places of the chapter cannot both stand: loop orders, dataflows, tiles and fusion.

>>> from labcore.claims.ledger import claim
>>> claim("sc5-q3-filter-resident").computed
36.0
"""

from __future__ import annotations

import numpy as np

from labcore.claims.ledger import computes
from labcore.claims.mapping_search_space import example, weight_reads
from labcore.claims.matrix_operations import outputs_that_change
from labcore.claims.printed import Number, Truth
from labcore.dataflow import STATIONARY, best
from labcore.fusion.examples import listing_19
from labcore.loopnest import matmul_problem
from labcore.scaling import times
from labcore.tiling.strategies import hybrid, spatial, temporal
from labcore.vector.batchnorm import relu_batchnorm
from labcore.vector.patterns import relu

LISTING = "13_fusion#listing-19"


@computes("sc5-q3-filter-resident", "Self-Check set 5 Q3 answer", Number("1"), "", "10_mapping#self-check")
def reads_with_filters_innermost(image=8):
    """Times that a weight comes in when the loop over output channels is innermost (Example 1.3's convolution)."""
    return times(weight_reads("PQRSK", image=image), weight_reads("KRSPQ", image=image))


@reads_with_filters_innermost.erratum
def the_filter_changes_at_every_step():
    """With the output channels innermost the filter changes at each step: {inner:,} weight reads, {times:.0f} a weight.

    Example 1.3 has it the other way, and right: with the filters' loops outermost there are {outer}. Would hold of the
    input, of which one value stays while the {filters} filters pass.
    """
    inner, outer = weight_reads("PQRSK"), weight_reads("KRSPQ")
    return {"inner": inner, "outer": outer, "times": times(inner, outer), "filters": example().sizes["K"]}


@computes("table17-independent-rows", "Text §Combinatorial complexity",
          Truth(words="every row of Table 17 is an independent trade-off, so no row can be decided alone"), "",
          "10_mapping#trade-offs")  # fmt: skip
def rows_decide_alone(buffer_words=1024, M=64):
    """Whether tile and loop order, two of the table's choices, can be decided one after the other: first the tile."""
    problem = matmul_problem(M, 64, 64)
    tile_first = temporal(problem, spatial(problem, buffer_words, "MKN").tile)
    return tile_first.traffic == hybrid(problem, buffer_words).traffic


@rows_decide_alone.erratum
def what_is_independent_needs_no_search():
    """If rows were independent, each could be decided alone. A 64 x 64 x 64 product shows that they are not.

    The best tile for one order, then the best order for that tile, moves {apart:,} words through a buffer of 1,024;
    both chosen together move {together:,}. Would hold with "interdependent", as the table's own caption calls them.
    """
    problem = matmul_problem(64, 64, 64)
    apart = temporal(problem, spatial(problem, 1024, "MKN").tile)
    return {"apart": apart.traffic, "together": hybrid(problem, 1024).traffic}


@computes("dataflow-of-dense-layers", "Tables 5 and 22; Listings 17 and 18",
          Truth(words="dense layers of a large batch: output, weight, input stationary"), "",
          "11_dataflow#three-networks")  # fmt: skip
def dataflows_tie(buffer_words=65536, batch=256, width=2048):
    """Whether the three dataflows that the four places name for such a layer move the same number of words."""
    return len({one.traffic for one in dense_layer(buffer_words, batch, width).values()}) == 1


def dense_layer(buffer_words: int = 65536, batch: int = 256, width: int = 2048) -> dict:
    """The best tile of a dense layer under each dataflow."""
    problem = matmul_problem(batch, width, width)
    return {name: best(problem, name, buffer_words) for name in STATIONARY}


@dataflows_tie.erratum
def four_places_three_answers():
    """Each place names one: Listing 17 and Table 5 output stationary, Table 22 weight, Listing 18 input stationary.

    On a layer of 2048 x 2048 at batch 256 with a buffer of 65,536 words these move {os:.2f}, {ws:.2f} and {is_:.2f}
    million words. Transformers have two answers likewise: output stationary for attention in Listing 17, input
    stationary in Tables 5 and 22. Would hold with "suits" in place of "best for": no strategy dominates, as the text
    after Listing 18 says.
    """
    words = {name: one.traffic / 1e6 for name, one in dense_layer().items()}
    return {"os": words["os"], "ws": words["ws"], "is_": words["is"]}


@computes("kernel-fusion-three-intermediates", "Text §Kernel fusion for memory efficiency", Number("3"), "",
          LISTING)  # fmt: skip
def intermediates_of_the_listing():
    """Tensors that the three steps of Listing 19 make besides the result."""
    chain = listing_19()
    return len(chain.ops) - len(chain.outputs)


@intermediates_of_the_listing.erratum
def tables_count_two():
    """Table 20 and the comments in Listing 19 have {two}, X' and X''.

    Would hold with the result counted, which no fusion saves, or of Listing 19 run eagerly, where 2.0 * X2 is a tensor
    of its own before 1.0 is added.
    """
    return {"two": intermediates_of_the_listing()}


@computes("fusion-batchnorm-single-elements", "Text §Performance benefits and constraints",
          Truth(words="a batch normalization takes each element by itself"), "", LISTING)  # fmt: skip
def batchnorm_is_element_wise(n=64, training=True):
    """Whether one changed sample of n changes one output only, of a ReLU and of a batch normalization."""
    return outputs_that_change(relu, n) == outputs_of_batchnorm(n, training) == 1


def outputs_of_batchnorm(n: int, training: bool = True) -> int:
    """Samples of one feature whose normalized value changes with the first; out of training the statistics stay."""
    x = np.arange(1.0, n + 1)[:, None]
    other = x + np.eye(n)[:, :1]
    one, two = (relu_batchnorm(values, np.ones(1), np.zeros(1), dtype=float) for values in (x, other))
    kept = two.out if training else (other - one.mean) / np.sqrt(one.var + 1e-5)
    return int((abs(one.out - kept) > 1e-9).sum())


@batchnorm_is_element_wise.erratum
def statistics_mix_the_batch():
    """One changed sample of {n} changes {relu} output of a ReLU and {all} of a batch normalization.

    Section 1.2.3 counts the passes that its mean and variance take. Would hold in inference, where both are constants
    from training.
    """
    return {"n": 64, "relu": outputs_that_change(relu, 64), "all": outputs_of_batchnorm(64)}
