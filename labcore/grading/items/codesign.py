"""Self-check items of co-design; each docstring is the question as the lab puts it."""

from __future__ import annotations

import numpy as np

from labcore.codesign.front import front, hypervolume
from labcore.codesign.integer import requantize
from labcore.codesign.networks import Layer, Network
from labcore.grading.selfcheck import item, letter, near, number
from labcore.systolic import cycles

POINTS = ((0.10, 400), (0.05, 900), (0.07, 900), (0.10, 500), (0.03, 2000), (0.04, 2500))


@item("codesign-1", wants="a number of cycles")
def cycles_of_a_layer(answer: object) -> str:
    """A layer on the array, fold by fold.

    Patches (9, 36) times weights (36, 8) on an output-stationary array of 4 x 4: how many cycles, edges exact?
    """
    got, want = number(answer), cycles(9, 36, 8, rows=4, cols=4, dataflow="os")
    if got == cycles(9, 36, 8, rows=4, cols=4, dataflow="os", edge="full"):
        return "The last fold has one row of outputs, not four: its operands are through three cycles sooner."
    if got == want - 6 * 4:
        return "Each fold also shifts its results out, a cycle for each row of the array."
    if got == 9 * 36 * 8 / 16:
        return "So it would be if all 16 worked in every cycle; operands come in skewed, and folds have edges."
    if got == cycles(9, 36, 8, rows=4, cols=4, dataflow="ws"):
        return "That is weight stationary."
    return "" if got == want else "Six folds of 36 + m + n - 2 cycles, and 4 to shift out; m is 4, 4 and 1, n is 4."


@item("codesign-2", wants="a number of bits")
def accumulator_of_a_sum(answer: object) -> str:
    """The accumulator that cannot overflow.

    A sum has 36 products of an activation from 0 to 255 and a weight from -127 to 127.

    How many bits has the narrowest signed accumulator that no such sum overflows?
    """
    terms, got = Layer((4, 6, 6), (3, 3), stride=1, N=8).K, number(answer)
    want = (terms * 255 * 127).bit_length() + 1
    if got == want - 1:
        return "The sum has a sign, which takes a bit."
    if got == 16:
        return "That holds one product; 36 of them add up."
    if got == (255 * 127).bit_length() + 1 + terms:
        return "Thirty-six products need the logarithm of 36 in bits, not 36 bits."
    return "" if got == want else "Bits of 36 x 255 x 127, and one for the sign."


@item("codesign-3", wants="a whole number")
def a_half_goes_up(answer: object) -> str:
    """Requantizing as the hardware does.

    A sum of 6 is scaled by multiplier 3 and shift 2, halves go up, and the result has 4 bits. What comes out?
    """
    got, want = number(answer), int(requantize(np.array([6]), 3, 2, 4)[0])
    if got == want - 1:
        return "6 x 3 / 4 is 4.5, and a half goes up here, to even or not."
    if got == 4.5:
        return "A whole number comes out."
    if got == 15:
        return "15 is where it saturates; 4.5 is far from it."
    return "" if got == want else "Multiply, add half of 2^2, shift right by 2."


@item("codesign-4", wants="a whole number")
def not_dominated(answer: object) -> str:
    """Designs that no other beats.

    Designs by error and cycles: (0.10, 400), (0.05, 900), (0.07, 900), (0.10, 500), (0.03, 2000), (0.04, 2500).

    How many of them does no other beat?
    """
    got, want = number(answer), len(front(POINTS))
    if got == len(POINTS):
        return "One that is no better in anything and worse in something is beaten: compare the two of 900 cycles."
    if got == 2:
        return "Those are the ends; one in between is beaten by neither of them."
    return "" if got == want else "Sort by cycles and keep each whose error is lower than all before it."


@item("codesign-5", wants="an area")
def volume_of_two(answer: object) -> str:
    """Hypervolume of two points.

    Points (1, 3) and (2, 1), both to be made small, with reference (4, 4): what is the hypervolume?
    """
    want = hypervolume([(1, 3), (2, 1)], (4, 4))
    if near(answer, 3 * 1 + 2 * 3):
        return "The two rectangles overlap; what both cover counts once."
    if near(answer, 2 * 3) or near(answer, 3 * 1):
        return "That is one point alone."
    return "" if near(answer, want) else "The area between the points' staircase and the corner (4, 4)."


@item("codesign-6", wants="a number of bits")
def bits_of_the_rom(answer: object) -> str:
    """Bits of the weight memory.

    A network for 8 x 8 images: 16 units, fully connected, and 10 classes, weights of 4 bits. Bits of all weights?
    """
    net, got = Network(("fc",), width=16, bits=4), number(answer)
    want = net.weights * net.bits
    if got == net.weights:
        return "That is how many weights there are."
    if got == want / 8:
        return "Those are bytes."
    if got == 64 * 16 * 4:
        return "The classifier has weights too: 16 for each of ten classes."
    return "" if got == want else "64 x 16 and 16 x 10 weights, 4 bits each."


@item("codesign-7", wants="a letter from a to d")
def a_fair_comparison(answer: object) -> str:
    """Equal trainings, and the spread.

    A joint search found a better pair than a search in sequence. What must be equal before the way gets the credit?

    a) The time on the wall. b) The trainings each was given, over several seeds, against the spread. c) The networks
    that both trained. d) The number of pairs that each looked at.
    """
    return letter(
        answer,
        "b",
        {
            "a": "Another machine would then decide; what costs is training.",
            "c": "Which networks to train is just what a strategy decides.",
            "d": "A pair of a network that is trained already costs next to nothing to look at.",
        },
    )


@item("codesign-8", wants="a letter from a to d")
def proof_of_the_hardware(answer: object) -> str:
    """What proves the generated hardware.

    What shows that the generated accelerator is the network that was trained?

    a) Its accuracy is the same. b) Every logit of every test image is equal to the integer model's. c) The Verilog
    compiles without a warning. d) Its cycles are those predicted.
    """
    return letter(
        answer,
        "b",
        {
            "a": "Wrong logits can give the right class, and two errors the same share of right ones.",
            "c": "A machine that computes something else compiles as well.",
            "d": "Its clock is right then, and what it computes may be anything.",
        },
    )
