"""Matrix operations: Listings 5 to 7, Table 3 and footnote 17.

>>> from labcore.claims.ledger import claim
>>> claim("footnote-17-im2col-factor", stride=2).computed
2.25
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Each, Number, Truth, Words
from labcore.im2col import im2col
from labcore.matrix.unit import multiply_fast, tile_cost
from labcore.ops import matmul
from labcore.vector.dense import count_dense, dense
from labcore.vector.machine import Machine
from labcore.vector.patterns import relu
from labcore.vector.rows import layernorm

LAB = "03_compute_primitives"


@computes("listing-5-linear-layer", "Listing 5", Each("512", "32"), "", f"{LAB}#column-batch")
def output_shape(d_out=512, B=32):
    """Shape of weights (d_out, 256) times a column batch (256, B)."""
    return list(multiply_fast(np.ones((d_out, 256)), np.ones((256, B))).C.shape)


@computes(
    "listing-5-weight-count", "Text §Matrix operations in neural networks", Number("131,072"), "",
    f"{LAB}#column-batch",
)  # fmt: skip
def weights(d_in=256, d_out=512):
    """Weights of the 256-to-512 layer: each is used in one multiply-accumulate of a sample."""
    return count_dense(Machine(), 1, d_in, d_out).macs


@computes("footnote-17-im2col-factor", "Footnote 17", Number("9"), "x", f"{LAB}#im2col")
def im2col_amplification(R=3, S=3, stride=1, padding=1):
    """Elements of the unrolled patches over those of a 56 x 56 image, measured; exact with a padding of 1."""
    x = np.zeros((1, 1, 56, 56))
    return im2col(x, R, S, stride, padding).size / x.size


@computes(
    "listing-6-matrix-patterns", "Listing 6",
    Truth(words="Q K^T, [query_dim x key_dim], compares all queries with all keys"), "", f"{LAB}#attention-shape",
)  # fmt: skip
def listing_6_compares_all(query_dim=64, tokens=2048):
    """Whether the listing's product has an entry for each pair of a query and a key."""
    return score_entries(query_dim, tokens)[0] == tokens * tokens


@listing_6_compares_all.erratum
def scores_of_features():
    """The listing's Q and K hold a token in each column, so Q K^T adds up over the tokens.

    With {tokens} tokens of {dim} features it has {features} entries, one for each pair of features. Would hold of Q^T
    K, whose {pairs} entries are the pairs of tokens, or with a token in each row.
    """
    features, pairs = score_entries(64, 2048)
    return {"tokens": 2048, "dim": 64, "features": features, "pairs": pairs}


def score_entries(query_dim: int, tokens: int) -> tuple[int, int]:
    """Entries of Q K^T and of Q^T K for Q and K of (query_dim, tokens)."""
    features, pairs = matmul(query_dim, tokens, query_dim, 1), matmul(tokens, query_dim, tokens, 1)
    return features.writes["C"], pairs.writes["C"]


shows(
    "matrix-unit-16x16-block", "Text §Matrix operations hardware acceleration",
    "A matrix unit takes whole blocks as operands; 16 x 16 is the chapter's example.", f"{LAB}#matrix-unit",
)  # fmt: skip


@computes(
    "listing-7-matrix-unit", "Listing 7", Words("multiply and accumulate entire blocks at once", least=256), "",
    f"{LAB}#matrix-unit",
)  # fmt: skip
def macs_of_one_instruction(m=16, n=16, k=16):
    """Multiply-accumulates of one matrix instruction on an m x k and a k x n block, done by the tile unit."""
    return multiply_fast(np.ones((m, k)), np.ones((k, n)), (m, n, k)).macs_issued


@computes(
    "matrix-unit-256-macs", "Text §Matrix operations hardware acceleration", Number("256"), "", f"{LAB}#matrix-unit"
)
def macs_a_block_operation(m=16, n=16, k=16):
    """Multiply-accumulates of one operation on 16 x 16 blocks."""
    return tile_cost(m, n, k, (m, n, k)).macs


@macs_a_block_operation.erratum
def outputs_of_a_block():
    """A product of two 16 x 16 blocks takes {macs} multiply-accumulates; {outputs} is the number of its outputs.

    Instruction for instruction, the matrix unit does {ratio:.0f} times the work of eight lanes, not {printed:.0f}
    times. Would hold of a step: {outputs} are at work at a time in a unit that takes one of the {steps} values of k in
    each.
    """
    cost = tile_cost(16, 16, 16)
    return {
        "macs": cost.macs, "outputs": cost.stores, "steps": cost.macs // cost.stores,
        "ratio": cost.macs / Machine().lanes, "printed": cost.stores / Machine().lanes,
    }  # fmt: skip


@computes(
    "matrix-vs-vector-width", "Text §Matrix operations hardware acceleration", Each("256", "8"), "",
    f"{LAB}#matrix-unit",
)  # fmt: skip
def widths(m=16, n=16, lanes=8):
    """Multiply-accumulates in one step of k of an m x n unit, and in one vector instruction: 32 to 1 as widths."""
    return [tile_cost(m, n, 1, (m, n, 1)).macs, Machine(vlen=32 * lanes).lanes]


shows(
    "matrix-acceleration-1980s-1990s", "Text §Matrix operations hardware acceleration",
    "Signal processors and graphics hardware sped up matrix arithmetic before neural networks did; the chapter puts it "
    "in the 1980s and 1990s. GPUs that run programs of any kind came after 2000 (Owens et al. 2008).",
    f"{LAB}#matrix-unit",
)  # fmt: skip
shows(
    "table-3-caption", "Table 3",
    "Many-to-many transforms go to matrix units, one-to-one transforms to vector units; normalization is neither.",
    f"{LAB}#table-3",
)  # fmt: skip


@computes("table-3-row-matrix", "Table 3", Truth(words="each output depends on multiple inputs"), "", f"{LAB}#table-3")
def product_mixes():
    """One changed input changes every output of its row in a matrix product."""
    return outputs_that_change(product) == 512


@computes(
    "table-3-row-vector", "Table 3",
    Truth(words="layer normalization: each output depends only on its corresponding input"), "", f"{LAB}#table-3",
)  # fmt: skip
def vector_row_holds():
    """Whether one changed input changes one output only, for ReLU and for layer normalization."""
    return outputs_that_change(relu) == outputs_that_change(layernorm) == 1


@vector_row_holds.erratum
def normalization_mixes():
    """One changed input of {n} changes {relu} output of a ReLU and {layernorm} outputs of a layer normalization.

    Mean and variance belong to the whole row: normalization is a reduction followed by element-wise work. Would hold
    with normalization left out, or with its scale and shift named, which are element-wise.
    """
    return {"n": 768, "relu": outputs_that_change(relu), "layernorm": outputs_that_change(layernorm)}


def product(machine: Machine, x: np.ndarray) -> np.ndarray:
    """A sample through a dense layer of 512 neurons with weights 1."""
    return dense(machine, x[None], np.ones((x.size, 512)), np.zeros(512))


def outputs_that_change(program: Callable, n: int = 768) -> int:
    """Outputs of a program on (n,) that change when its first input does."""
    x = np.arange(1.0, n + 1)
    other = x.copy()
    other[0] += 1
    return int((program(Machine(), x) != program(Machine(), other)).sum())
