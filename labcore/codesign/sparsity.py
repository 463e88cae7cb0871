"""Granularity of pruning on a trained digits network: what each pattern loses, and what its indices cost.

Weights are pruned by magnitude, once, in every layer whose matrix (outputs, inputs) 4 divides both ways; the classifier
with its 10 rows stays dense, as it does in practice. Patterns keep an equal share of the weights:

- `unstructured`: the largest, wherever they stand; stored as CSR or under a bitmap, whichever is smaller;
- `n:m`: the n largest of every m along the inputs (a density of 1/2 is 2:4, 1/4 is 1:4, 1/8 is 1:8); places take
  ceil(log2 m) bits;
- `4x1`: blocks of 4 outputs by 1 input; `4x4`: square blocks; both stored as BSR, one index a block;
- `random`: any, whatever their size; what magnitude is worth is the difference to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from labcore.codesign.data import digits
from labcore.codesign.networks import Layer, Network
from labcore.codesign.passes import Parameters
from labcore.codesign.training import FULL, Recipe, fit
from labcore.sparsity import BSR, CSR, NM, Bitmap
from labcore.sparsity.pruning import block_mask, free_mask, kept_norm, nm_mask
from labcore.units import Bytes, Ratio, positive

SUBJECT = Network(("fc", "fc"), width=64)  # two 64 x 64 matrices and a classifier
DENSITIES = {1 / 2: (2, 4), 1 / 4: (1, 4), 1 / 8: (1, 8), 1 / 16: (1, 16)}
BLOCKS = {"4x1": (4, 1), "4x4": (4, 4)}

Pattern = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
PATTERNS: dict[str, Pattern] = {
    "unstructured": lambda w, density, rng: free_mask(w, density),
    "n:m": lambda w, density, rng: nm_mask(w, *DENSITIES[density]),
    "4x1": lambda w, density, rng: block_mask(w, BLOCKS["4x1"], density),
    "4x4": lambda w, density, rng: block_mask(w, BLOCKS["4x4"], density),
    "random": lambda w, density, rng: free_mask(rng.random(w.shape), density),
}


@dataclass(frozen=True)
class Pruned:
    """One pattern at one density: accuracy as pruned and after fine-tuning, norm kept, and bytes with their indices.

    `dense_bytes` is what the same layers take unpruned. All of it speaks of the pruned layers and test images.
    """

    pattern: str
    density: Ratio
    kept_norm: Ratio
    pruned: Ratio
    tuned: Ratio
    value_bytes: Bytes
    index_bytes: Bytes
    dense_bytes: Bytes

    @property
    def compression(self) -> Ratio:
        """How many times less memory than dense the weights take, indices included; below 1 it takes more."""
        return self.dense_bytes / (self.value_bytes + self.index_bytes)


def prunable(layers: tuple[Layer, ...]) -> list[int]:
    """The layers that every pattern can prune: those whose N and K both divide by 16, the largest m.

    >>> prunable(SUBJECT.layers), prunable(Network(("conv3x3", "conv3x3"), 16).layers)
    ([0, 1], [1])
    """
    return [i for i, layer in enumerate(layers) if layer.N % 16 == 0 and layer.K % 16 == 0]


def mask(w: np.ndarray, pattern: str, density: Ratio, seed: int = 0) -> np.ndarray:
    """Which weights of a matrix (outputs, inputs) a pattern keeps, True where one stays.

    Raises ValueError for a pattern or density there is not.

    >>> mask(np.array([[1, -9, 8, 2]]), "n:m", 1 / 2).astype(int).tolist()
    [[0, 1, 1, 0]]
    """
    if pattern not in PATTERNS:
        raise ValueError(f"pattern {pattern!r} is not known; there are {', '.join(PATTERNS)}")
    if density not in DENSITIES:
        raise ValueError(f"density must be one of {', '.join(map(str, DENSITIES))}, got {density!r}: n:m has no other")
    return PATTERNS[pattern](w, density, np.random.default_rng(seed))


def prune(net: Parameters, pattern: str, density: Ratio, seed: int = 0) -> Parameters:
    """The parameters with the smallest weights of every prunable layer at zero, and masks that keep them there.

    >>> from labcore.codesign.passes import start
    >>> net = prune(start(SUBJECT.layers, seed=0), "4x4", 1 / 4)
    >>> [float((w != 0).mean()) for w in net.weights]
    [0.25, 0.25, 1.0]
    """
    masks = [np.ones(w.shape, bool) for w in net.weights]
    for i in prunable(net.layers):
        masks[i] = mask(net.weights[i].T, pattern, density, seed + i).T  # (K, N) here, (outputs, inputs) there
    weights = (np.where(kept, w, np.float32(0)) for w, kept in zip(net.weights, masks, strict=True))
    return replace(net, weights=tuple(weights), masks=tuple(masks))


def stored_bytes(
    w: np.ndarray, pattern: str, density: Ratio, value: Bytes = 1, index: Bytes = 2
) -> tuple[float, float]:
    """Bytes of the values and of the indices of a pruned matrix (outputs, inputs), in the pattern's own format.

    An index or pointer takes `index` bytes, a place among m or in a bitmap its bits.

    >>> w = np.kron(np.eye(2), np.ones((4, 4)))
    >>> [stored_bytes(w, pattern, 1 / 2) for pattern in ("unstructured", "n:m", "4x1", "4x4")]
    [(32, 8), (32, 8), (32, 22), (32, 10)]
    """
    positive(value=value, index=index)
    if pattern == "n:m":
        formats = [NM.from_dense(w, *DENSITIES[density])]
    elif pattern in BLOCKS:
        formats = [BSR.from_dense(w, BLOCKS[pattern])]
    else:
        formats = [CSR.from_dense(w), Bitmap.from_dense(w)]
    sizes = [(kept.data.size * value, kept.nbytes(value, index)) for kept in formats]
    values, whole = min(sizes, key=lambda size: size[1])
    return values, whole - values


def granularity(
    net: Parameters, pattern: str, density: Ratio, seed: int = 0, recipe: Recipe = FULL, value: Bytes = 1
) -> Pruned:
    """Prune a trained float network by one pattern, measure, fine-tune with the mask held, and measure again.

    >>> from labcore.codesign.training import train
    >>> net = train(SUBJECT, seed=0, recipe=Recipe(epochs=5))
    >>> free, random = (granularity(net, pattern, 1 / 8) for pattern in ("unstructured", "random"))
    >>> free.pruned > random.pruned, free.tuned > free.pruned, round(free.compression, 1)
    (True, True, 4.0)
    """
    test, pruned = digits("test"), prune(net, pattern, density, seed)
    part = digits("train").first(recipe.images)
    tuned = fit(pruned, part, recipe.fine_epochs, seed, replace(recipe, rate=recipe.rate / 2))
    where = prunable(net.layers)
    values, indices = np.sum(
        [stored_bytes(tuned.weights[i].T, pattern, density, value) for i in where], axis=0
    ).tolist()
    kept = kept_norm(
        np.concatenate([net.weights[i].ravel() for i in where]),
        np.concatenate([pruned.masks[i].ravel() for i in where]),
    )
    dense = sum(net.weights[i].size * value for i in where)
    return Pruned(pattern, density, kept, pruned.accuracy(test), tuned.accuracy(test), values, indices, dense)
