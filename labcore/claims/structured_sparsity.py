"""Structured sparsity: N:M patterns and Figure 7.

>>> from labcore.claims.ledger import claim
>>> claim("sparse-memory-compression", bits=8).computed
62.5
"""

from __future__ import annotations

import numpy as np

from labcore.catalogue import A100
from labcore.catalogue.gpu import A100_FP16_SPARSE
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Number, Truth, Words
from labcore.roofline import attainable
from labcore.sparsity import BSR, CSR, NM
from labcore.sparsity.lanes import walk
from labcore.sparsity.pruning import free_mask, nm_mask
from labcore.sparsity.samples import small_matrix, weights


@computes(
    "nm-sparsity-definition", "Text §N:M structured sparsity",
    Truth(words="exactly N values nonzero in every block of M"), "", "05_sparsity#at-most-two",
)  # fmt: skip
def exactly_n_is_needed(n=2, m=4):
    """A block with fewer than N nonzeros has no place in an N:M format, since exactly N are called for."""
    sparser = np.where(free_mask(weights(1, m), 1 / m), 1, 0)
    return n > 1 and not np.array_equal(NM.from_dense(sparser, n, m).to_dense(), sparser)


@exactly_n_is_needed.erratum
def at_most_n_will_do():
    """A 2:4 block with {nonzeros} nonzero is stored in {kept} slots and comes back unchanged: the bound is at most N.

    One slot then holds a zero. NVIDIA's cuSPARSELt asks for at least two zeros in each four, not for exactly two. Would
    hold with "at most N", or of the slots of the format.
    """
    sparser = np.array([[0, 0, 7, 0]])
    return {"nonzeros": np.count_nonzero(sparser), "kept": NM.from_dense(sparser).values.size}


@computes("footnote-25-density", "Footnote 25", Number("50"), "%", "05_sparsity#two-of-four")
def kept_of_2_4(N=2, M=4):
    """Share of the values that 2:4 keeps, counted in a pruned matrix."""
    return nm_mask(weights(8, 4 * M), N, M).mean().item()


@computes("footnote-25-2x-path", "Footnote 25", Number("2"), "x", "05_sparsity#the-unit")
def advertised_gain(I=1000, BW=2.04e12):
    """Gain of the A100's advertised FP16 rate with 2:4 weights over its dense rate, where compute binds both."""
    sparse, dense = (attainable(R_peak, BW, I) for R_peak in (A100_FP16_SPARSE.value, A100.peak("fp16")))
    return sparse / dense


@computes(
    "sparse-memory-compression", "Text §N:M structured sparsity",
    Words("50 percent in memory plus metadata", least=50, most=75), "%", "05_sparsity#two-of-four",
)  # fmt: skip
def compressed_share(kept=2, group=4, bits=16):
    """Bytes of a 2:4 matrix over those of the dense one: half the values, and 2 bits beside each for its place."""
    x = weights(16, 16 * group)
    return NM.from_dense(x, kept, group).nbytes(value_bytes=bits / 8) / (x.size * bits / 8)


@computes("sparse-2x-throughput", "Text §N:M structured sparsity", Number("2"), "x", "05_sparsity#lanes")
def grid_gain(N=2, M=4):
    """Cycles of a grid of 128 lanes on a dense matrix over those on the same matrix pruned to 2:4."""
    return walk(nm_mask(weights(128, 256), N, M), lanes=128, group=M).speedup


@computes(
    "figure-7-sparse-formats", "Figure 7",
    Truth(words="nonzero values only, plus the index of each stored block"), "", "05_sparsity#figure-7",
)  # fmt: skip
def blocks_hold_only_nonzeros():
    """CSR and BSR store only nonzero values, and one index for each stored block."""
    csr, bsr = CSR.from_dense(small_matrix()), BSR.from_dense(small_matrix(), (2, 4))
    return bool((bsr.data != 0).all() and len(csr.indices) == len(bsr.indices))


@blocks_hold_only_nonzeros.erratum
def zeros_or_indices():
    """No format has both: BSR's {blocks} blocks have an index each but hold {zeros} zeros among {stored} values.

    CSR holds the {nnz} nonzeros only and pays {nnz} indices. Saving on indices is paid for with zeros, or with a
    constraint on where they stand. Would hold of the two formats apart: nonzeros only in CSR, an index for each block
    in BSR.
    """
    csr, bsr = CSR.from_dense(small_matrix()), BSR.from_dense(small_matrix(), (2, 4))
    zeros = int((bsr.data == 0).sum())
    return {"blocks": len(bsr.indices), "zeros": zeros, "stored": bsr.data.size, "nnz": len(csr.indices)}


shows(
    "sparsity-never-load-zeros", "Text §N:M structured sparsity",
    "The gain comes from zeros that are never fetched, not from multiplying by them faster", "05_sparsity#never-loaded",
)  # fmt: skip


@computes(
    "selfcheck-2-q3-sparsity", "Self-Check set 2 Q3",
    Truth(value=False, words="half pruned anywhere is as fast as 2:4: false"), "", "05_sparsity#self-check",
)  # fmt: skip
def free_half_is_as_fast(lanes=128, n=2, m=4):
    """Pruning half of the weights anywhere gains a grid roughly, within a quarter, what 2:4 gains it."""
    x = weights(128, 256)
    free, structured = free_mask(x, n / m), nm_mask(x, n, m)
    return walk(free, lanes, m).speedup > 0.75 * walk(structured, lanes, m).speedup
