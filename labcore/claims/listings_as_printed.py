"""What stands in a listing, run as it stands: where a reader's interpreter stops, or another result comes out.

>>> from labcore.claims.ledger import claim
>>> claim("listing-22-as-python").verdict
'erratum'
"""

from __future__ import annotations

import numpy as np

from labcore.catalogue.layouts import BATCH_NORM_ARGUMENTS
from labcore.claims.ledger import cites, computes
from labcore.claims.printed import Number, Truth
from labcore.listings import can_add, is_python, nested_blocks, zipped_blocks

MENDED = "(\n    a *\n    b\n)"  # the same break, within brackets


@computes("listing-5-bias-as-column", "Listing 5", Truth(words="Z + bias adds the bias to each output"), "",
          "03_compute_primitives#column-batch")  # fmt: skip
def column_batch_takes_a_column(Z=(512, 32), bias=(512, 1)):
    """Whether Z of a column batch (d_out, B) takes the bias as a column; the vector of `nn.Linear` does not fit."""
    return can_add(Z, bias)


def broken_lines(head: str, tail: str) -> str:
    """An assignment whose right side goes on in the next line, as Listings 10 and 22 have it."""
    return f"out = {head}\n      {tail}\n"


def as_read(broken: bool) -> dict:
    """Whether Python reads a statement broken as printed, and the same break within brackets; and its lines."""
    words = {True: "reads", False: "does not read"}
    lines = broken_lines("a *", "b").count("\n")
    return {"lines": lines, "broken": words[broken], "mended": words[is_python(f"out = {MENDED}")]}


@computes("listing-10-as-python", "Listing 10", Truth(words="its last statement runs"), "",
          "03_compute_primitives#batchnorm")  # fmt: skip
def batchnorm_reads(head="temp[b, f] *", tail="scale + shift"):
    """Whether Python reads the statement that writes the normalized output, broken behind its multiplication sign."""
    return is_python(broken_lines(head, tail))


@batchnorm_reads.erratum
def batchnorm_needs_brackets():
    """The first of its {lines} lines ends with `*`, no bracket open: Python {broken} it, a SyntaxError before all else.

    Would hold on one line, or with brackets around the product and the sum: so broken, Python {mended} it.
    """
    return as_read(batchnorm_reads())


@computes("listing-22-as-python", "Listing 22", Truth(words="its innermost statement runs"), "", "14_tiling#staging")
def staging_reads(head="A_tile[ii, kk] *", tail="B_tile[kk, jj]"):
    """Whether Python reads the statement that adds up a tile's products, broken behind its multiplication sign."""
    return is_python(broken_lines(head, tail))


@staging_reads.erratum
def staging_needs_brackets():
    """The first of its {lines} lines ends with `*`, no bracket open: Python {broken} it, a SyntaxError before all else.

    Would hold on one line, or with brackets around the product, which Python {mended}; then the product is right.
    """
    return as_read(staging_reads())


@cites("listing-19-batch-norm-call", "Listing 19", Number("1"), "", "13_fusion#listing-19")
def arguments_of_batch_norm():
    """Arguments of torch.batch_norm, which the listing calls with its tensor alone."""
    return BATCH_NORM_ARGUMENTS


@arguments_of_batch_norm.erratum
def batch_norm_wants_more():
    """The function wants {all}: with {more} of them missing the call is a TypeError.

    They are scale, shift, running mean and variance, and four settings. Would hold of a module that keeps them and is
    called with the tensor alone, `torch.nn.BatchNorm1d(1024).cuda()`.
    """
    every = int(BATCH_NORM_ARGUMENTS.value)
    return {"all": every, "more": every - 1}


ROWS, COLUMNS = [np.full((2, 2), r) for r in (1.0, 2.0)], [np.full((2, 2), c) for c in (3.0, 5.0)]


def right_blocks(found: list[np.ndarray], rows: int = 2, columns: int = 2) -> int:
    """How many blocks of a product of rows x columns blocks hold what they should: row r times column c."""
    wanted = [row @ column for row in ROWS[:rows] for column in COLUMNS[:columns]]
    return sum(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


@computes("listing-16-18-outputs", "Listings 16 and 18", Truth(words="their three loops give the product"), "",
          "11_dataflow#what-stays")  # fmt: skip
def nested_outputs(rows=2, columns=2):
    """Whether loops over all blocks of weights, all blocks of inputs and all blocks of outputs give the product."""
    outputs = rows * columns
    return right_blocks(nested_blocks(ROWS[:rows], COLUMNS[:columns], outputs), rows, columns) == outputs


@nested_outputs.erratum
def every_pair_goes_everywhere():
    """They are sketches without indices: to the letter, each pair of blocks is added to every output block.

    Of 2 x 2 output blocks {right} come out right; all four hold {sum:.0f}.
    Would hold if the innermost loop runs over the outputs that the pair belongs to, which is one. In Listing 16 the
    sums then stream, as its text says; lab 11 runs it so.
    """
    found = nested_blocks(ROWS, COLUMNS, 4)
    return {"right": right_blocks(found), "sum": found[0][0, 0]}


@computes("listing-17-outputs", "Listing 17", Truth(words="its two loops give the product"), "",
          "11_dataflow#what-stays")  # fmt: skip
def zipped_outputs(rows=2, columns=2):
    """Whether outputs that each sum over weights and inputs, taken pair by pair, are the blocks of the product."""
    outputs = rows * columns
    return right_blocks(zipped_blocks(ROWS[:rows], COLUMNS[:columns], outputs), rows, columns) == outputs


@zipped_outputs.erratum
def same_pairs_for_each():
    """Nothing in the inner loop depends on the output, so all four get one sum, {sum:.0f}, and {right} of 4 are right.

    Would hold if `weights` and `inputs` stand for the row and the column of blocks that belong to the output.
    """
    found = zipped_blocks(ROWS, COLUMNS, 4)
    return {"right": right_blocks(found), "sum": found[0][0, 0]}
