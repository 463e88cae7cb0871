"""Paths in the letters of SVG, as short as they go: whole pixels, counted from point to point."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from matplotlib.path import Path

CURVES = {Path.CURVE3: ("q", 2), Path.CURVE4: ("c", 3)}


def number(value: float, digits: int = 0) -> str:
    """A coordinate in so many decimals, without dust.

    >>> number(12.04), number(-0.2), number(3.14159, 1)
    ('12', '0', '3.1')
    """
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return "0" if text == "-0" else text


def outline(path: Path, digits: int = 0) -> str:
    """A cleaned path in the letters of SVG, each point counted from the one before; those that fall on it are left out.

    >>> outline(Path([(0, 0), (10, 0), (10.2, 0.1), (10, 5)]).cleaned())
    'M0 0h10v5'
    """
    scale = 10**digits
    points = np.rint(path.vertices * scale).astype(int).tolist()  # whole steps, so that rounding does not add up
    words, here, first, at = [], (0, 0), (0, 0), 0
    while at < len(points) and (code := path.codes[at]) != Path.STOP:
        count = CURVES.get(code, ("", 1))[1]
        moves = [one - h for point in points[at : at + count] for one, h in zip(point, here, strict=True)]
        here = points[at + count - 1]
        if code == Path.CLOSEPOLY:
            words.append(("z", []))
            here = first
        elif code == Path.MOVETO:
            words.append(("M", here))
            first = here
        elif any(moves):
            words.append(segment(code, moves))
        at += count
    return "".join(letter + steps(moves, scale) for letter, moves in joined(words)) if len(words) > 1 else ""


def segment(code: int, moves: list[int]) -> tuple[str, list[int]]:
    """Letter and numbers of one line or curve from where the pen is."""
    if code in CURVES:
        return CURVES[code][0], moves
    if 0 in moves:
        return ("v" if moves[0] == 0 else "h"), [sum(moves)]
    return "l", moves


def joined(words: list[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    """The words of a path, several steps straight on as one.

    >>> joined([("h", [3]), ("h", [4]), ("h", [-1])])
    [('h', [7]), ('h', [-1])]
    """
    kept: list[tuple[str, list[int]]] = []
    for letter, moves in words:
        if kept and letter in "hv" and kept[-1][0] == letter and kept[-1][1][0] * moves[0] > 0:
            kept[-1] = (letter, [kept[-1][1][0] + moves[0]])
        else:
            kept.append((letter, moves))
    return kept


def steps(moves: list[int], scale: int) -> str:
    """Numbers of a path; a minus sign parts them as well as a space does.

    >>> steps([5, -3, 12], 1), steps([5, -30], 10)
    ('5-3 12', '.5-3')
    """
    text = " ".join(str(one) if scale == 1 else f"{one / scale:g}" for one in moves)
    return re.sub(r"(^|[ -])0\.", r"\1.", text).replace(" -", "-")


def runs(colours: np.ndarray) -> Iterator[tuple[tuple, tuple[int, int], tuple[int, int]]]:
    """Neighbours of one colour in a grid (high, wide, 4): the colour, rows from and to, columns from and to.

    >>> [(rows, columns) for _, rows, columns in runs(np.array([[[1.0], [2.0]], [[1.0], [3.0]]]))]
    [((0, 2), (0, 1)), ((0, 1), (1, 2)), ((1, 2), (1, 2))]
    """
    for column in range(colours.shape[1]):
        line = colours[:, column]
        turns = 1 + np.flatnonzero((line[1:] != line[:-1]).any(axis=1))
        for start, end in pairwise([0, *turns.tolist(), len(line)]):
            yield tuple(line[start].tolist()), (start, end), (column, column + 1)
