"""What no mapping can undercut, whatever its tiles and orders."""

from __future__ import annotations

import math

from labcore.loopnest.counts import traffic
from labcore.loopnest.nest import Level, Nest, Problem
from labcore.units import positive_ints


def compulsory(M: int, K: int, N: int) -> int:
    """Words that move at least once: every operand in, the result out.

    >>> compulsory(2, 3, 4)
    26
    """
    positive_ints(M=M, K=K, N=N)
    return M * K + K * N + M * N


def touched(problem: Problem) -> int:
    """Words that any nest moves at least once: each input element that some output needs, and each output.

    A stride longer than the filter leaves gaps, and so does padding.

    >>> from labcore.loopnest import conv_problem
    >>> touched(conv_problem(1, 1, 5, 5, 1, 1, 1, stride=2))  # 9 of 25 inputs, one weight, 9 outputs
    19
    """
    whole = Nest(problem, [Level(problem.sizes, "".join(problem.sizes))])
    return traffic(whole)[0].words


def least_words(M: int, K: int, N: int, buffer_words: int) -> float:
    """A lower bound on the words of any schedule with a buffer of so many: compulsory, or 2 M K N / sqrt(S) - 2 S.

    The second is Smith, Lowery, Langou and van de Geijn's (2019), after Hong and Kung (1981): its leading term
    says that it takes four times the buffer to halve the traffic.

    >>> least_words(1024, 1024, 1024, 64 * 1024)
    8257536.0
    """
    positive_ints(buffer_words=buffer_words)
    once = float(compulsory(M, K, N))
    return max(once, 2 * M * K * N / math.sqrt(buffer_words) - 2 * buffer_words)
