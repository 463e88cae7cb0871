"""Pareto fronts and the hypervolume that they dominate. Every objective is to be made small.

A point dominates another when it is no worse in any objective and better in one. The hypervolume of a set, against a
reference that is worse than all of it, is the volume of what the set dominates (Zitzler and Thiele, PPSN 1998): one
number that grows when a front moves out, fills a gap or reaches further.
"""

from __future__ import annotations

from collections.abc import Sequence


def dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether a is no worse than b anywhere and better somewhere.

    >>> dominates((1, 2), (1, 3)), dominates((1, 2), (1, 2)), dominates((1, 2), (2, 1))
    (True, False, False)
    """
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))


def front(points: Sequence[Sequence[float]]) -> list[int]:
    """Indices of the points that no other dominates, in the order of the first objective; of equal points the first.

    A point that comes late in the lexicographic order dominates none before it, so one pass over that order is enough.

    >>> front([(3, 1), (1, 3), (2, 2), (3, 3), (2, 2)])
    [1, 2, 0]
    """
    kept: list[int] = []
    for i in sorted(range(len(points)), key=lambda i: (*points[i], i)):
        if not any(all(x <= y for x, y in zip(points[k], points[i], strict=True)) for k in kept):
            kept.append(i)
    return kept


def hypervolume(points: Sequence[Sequence[float]], reference: Sequence[float]) -> float:
    """Volume that the points dominate below the reference, exact for one, two and three objectives.

    Two objectives: a staircase of rectangles. Three: slabs along the last one, each as deep as the step to the next
    point and as wide as the staircase of the points seen so far. A point that is not below the reference in every
    objective dominates nothing there and adds nothing. Raises ValueError for other numbers of objectives.

    >>> hypervolume([(1, 3), (2, 2), (3, 1)], reference=(4, 4))  # rectangles 3 x 1, 2 x 1 and 1 x 1
    6.0
    >>> hypervolume([(1, 1, 1)], reference=(2, 3, 4))
    6.0
    """
    reference = tuple(map(float, reference))
    if not 1 <= len(reference) <= 3:
        raise ValueError(f"the hypervolume is computed for 1, 2 or 3 objectives, got {len(reference)}")
    if wrong := next((p for p in points if len(p) != len(reference)), None):
        raise ValueError(f"the reference has {len(reference)} objectives and a point has {len(wrong)}: {tuple(wrong)}")
    inside = [tuple(map(float, p)) for p in points if all(x < r for x, r in zip(p, reference, strict=True))]
    return _volume(inside, reference)


def _volume(points: list[tuple[float, ...]], reference: tuple[float, ...]) -> float:
    """Slabs along the last objective, each the volume of one objective fewer."""
    if not points:
        return 0.0
    if len(reference) == 1:
        return reference[0] - min(p[0] for p in points)
    points = sorted(points, key=lambda p: p[-1])
    ends = [p[-1] for p in points[1:]] + [reference[-1]]
    flat = [p[:-1] for p in points]
    return sum(
        (end - p[-1]) * _volume(flat[: i + 1], reference[:-1])
        for i, (p, end) in enumerate(zip(points, ends, strict=True))
        if end > p[-1]
    )
