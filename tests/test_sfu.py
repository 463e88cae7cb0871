"""Special-function units: errors follow from theory, every 16-bit number is tried, and what has no value is refused."""

import math
import re
from fractions import Fraction

import ml_dtypes
import numpy as np
import onnx
import onnx.helper as oh
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from labcore.sfu.accuracy import FORMATS, accuracy, every_value, rounded, samples, ulp
from labcore.sfu.latency import cycles, relu_cycles
from labcore.sfu.newton import BASIN, STEPS, RootUnit, newton
from labcore.sfu.tables import FUNCTIONS, NO_VALUE, TableUnit, piecewise_linear
from labcore.sfu.tree import mean_and_variance, tree_cycles, tree_sum


def defined(function, x):
    """The inputs for which a function has a value."""
    return x[~NO_VALUE[function][0](x)] if function in NO_VALUE else x


def by_onnx(kind, x):
    """A unary ONNX operator by its reference evaluator, in float64."""
    values = [oh.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, None) for name in "xy"]
    graph = oh.make_graph([oh.make_node(kind, ["x"], ["y"])], "g", values[:1], values[1:])
    model = oh.make_model(graph, opset_imports=[oh.make_opsetid("", 20)])
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(model).run(None, {"x": x})[0]


# ---- ulp and formats


def test_a_16_bit_format_has_the_numbers_that_its_bits_make():
    """2^16 codes less two signs of the all-ones exponent, whose fraction has 10 bits in fp16 and 7 in bf16."""
    assert every_value("fp16").size == 2**16 - 2 * 2**10
    assert every_value("bf16").size == 2**16 - 2 * 2**7


def test_ulp_is_numpys_spacing_for_every_fp16_number():
    x = every_value("fp16", -65472, 65472)  # behind the largest number, 65504, lies infinity
    assert (ulp(x, "fp16") == np.spacing(np.abs(x).astype(np.float16)).astype(float)).all()


@pytest.mark.parametrize("fmt", FORMATS)
def test_rounding_costs_half_an_ulp_at_most(fmt):
    x = np.random.default_rng(0).normal(size=1000)
    assert (np.abs(rounded(x, fmt) - x) <= ulp(x, fmt) / 2).all()


def test_rounding_is_ml_dtypes_for_bf16_from_float32_and_happens_once_from_float64():
    x = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    assert (rounded(x, "bf16") == x.astype(ml_dtypes.bfloat16).astype(float)).all()
    # 1 + 2^-8 is a tie that goes to 1; a hair above it, lost in float32, goes up
    assert rounded(np.array([1 + 2**-8, 1 + 2**-8 + 2**-40]), "bf16").tolist() == [1, 1 + 2**-7]


def test_the_exact_function_is_correctly_rounded_everywhere():
    found = accuracy(np.sqrt, np.sqrt, every_value("fp16", low=0), "fp16")
    assert found.worst <= 0.5
    assert found.right == 1


def test_an_error_of_one_ulp_is_found():
    off = accuracy(lambda x: x + ulp(x, "fp16"), lambda x: x, every_value("fp16", 1, 1.9), "fp16")
    assert (off.worst, off.right) == (1, 0)


def test_the_error_before_rounding_is_that_of_the_function_alone():
    found = accuracy(lambda x: x * (1 + 2**-13), lambda x: x, every_value("fp16", 1, 1.9), "fp16")
    assert found.raw == pytest.approx(1.9 * 2**-13 / 2**-10, rel=1e-3)  # largest where x is
    assert found.raw_at == every_value("fp16", 1, 1.9).max()
    assert found.worst == 0  # below half an ulp, so rounding takes it away


# ---- tables


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_twice_the_entries_divide_the_error_by_two_to_the_order_plus_one(function, order):
    _, reduced, low, high = FUNCTIONS[function]
    u = np.linspace(low, high, 20_001)[:-1]
    bits = {0: 7, 1: 7, 2: 6}[order]
    errors = [np.abs(TableUnit(function, b, order, width=50).reduced(u) - reduced(u)).max() for b in (bits, bits + 1)]
    assert errors[0] / errors[1] == pytest.approx(2 ** (order + 1), rel=0.12)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_error_keeps_the_bound_of_chebyshev_points(order):
    """At most (h/2)^(n+1) / (2^n (n+1)!) times the largest derivative: for 2^u on 0 to 1 that is 2 ln(2)^(n+1)."""
    h, u = 2.0**-5, np.linspace(0, 1, 10_001)[:-1]
    bound = (h / 2) ** (order + 1) / (2**order * math.factorial(order + 1)) * 2 * math.log(2) ** (order + 1)
    error = np.abs(TableUnit("exp", 5, order, width=50).reduced(u) - np.exp2(u)).max()
    assert 0.6 * bound < error <= bound


@pytest.mark.parametrize("fmt", ["fp16", "bf16"])
@pytest.mark.parametrize("function", ["exp", "reciprocal", "sqrt", "rsqrt"])
def test_every_number_of_a_format_within_a_hair_of_correct_rounding(function, fmt):
    unit = TableUnit(function, 8, 2)
    assert accuracy(unit, unit.exact, defined(function, every_value(fmt)), fmt).worst < 0.51


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_saturating_functions_are_right_in_size_everywhere(function):
    unit, x = TableUnit(function, 8, 2), every_value("fp16")
    assert np.abs(unit(x) - unit.exact(x)).max() < 2**-19
    assert unit(np.array([60_000.0, -60_000.0])).tolist() == ([1, 0] if function == "sigmoid" else [1, -1])


@pytest.mark.parametrize(
    ("function", "kind"),
    [("exp", "Exp"), ("log", "Log"), ("sqrt", "Sqrt"), ("reciprocal", "Reciprocal"), ("sigmoid", "Sigmoid"),
     ("tanh", "Tanh")],
)  # fmt: skip
def test_onnx_computes_the_same_functions(function, kind):
    x = defined(function, every_value("fp16", -100, 100))
    want = by_onnx(kind, x)
    assert np.allclose(FUNCTIONS[function][0](x), want, rtol=1e-12)
    assert np.allclose(TableUnit(function, 8, 2)(x), want, rtol=1e-6, atol=2**-20)


def test_the_size_counts_every_coefficient():
    assert TableUnit("exp", 6, 2, width=20).size == 2**6 * 3 * 20
    assert TableUnit("exp", 6, 2).coefficients.shape == (2**6, 3)


@given(x=st.floats(2.0**-100, 2.0**100), function=st.sampled_from(["sqrt", "rsqrt", "reciprocal"]))
def test_exponents_are_put_back(x, function):
    unit = TableUnit(function, 8, 2)
    got = unit(np.array([x, 4 * x]))
    assert got[1] / got[0] == {"sqrt": 2, "rsqrt": 0.5, "reciprocal": 0.25}[function]  # exact: only exponents differ
    assert got[0] == pytest.approx(float(unit.exact(x)), rel=1e-6)


def test_a_polygon_is_exact_at_its_knots_and_flat_beyond():
    knots = np.linspace(-4, 4, 9)
    assert np.allclose(piecewise_linear(knots, knots, np.tanh(knots)), np.tanh(knots), rtol=1e-15)
    assert piecewise_linear(np.array([-9.0, 9.0]), knots, np.tanh(knots)).tolist() == [np.tanh(-4.0), np.tanh(4.0)]


# ---- Newton


@given(
    e=st.fractions(Fraction(-9, 10), Fraction(7, 10), max_denominator=50),
    x=st.fractions(Fraction(1, 9), 9, max_denominator=50),
)
def test_a_step_leaves_the_error_that_the_docstring_derives(e, x):
    """In exact fractions: for 1 / x, and for roots of squares, so that the root is a fraction too."""
    left = {"reciprocal": -(e**2), "rsqrt": -Fraction(3, 2) * e**2 - e**3 / 2, "sqrt": e**2 / (2 * (1 + e))}
    for function, argument, wanted in (("reciprocal", x, 1 / x), ("rsqrt", x * x, 1 / x), ("sqrt", x * x, x)):
        after = STEPS[function](argument, (1 + e) * wanted)
        assert after / wanted - 1 == left[function]


@given(start=st.floats(0.01, 3), x=st.floats(0.01, 100), function=st.sampled_from(sorted(STEPS)))
def test_inside_the_basin_it_converges_and_outside_it_is_refused(start, x, function):
    wanted = float(FUNCTIONS[function][0](x))
    edge = {"reciprocal": 2, "rsqrt": math.sqrt(3), "sqrt": math.inf}[function]
    if start < 0.999 * edge:
        assert newton(function, x, start * wanted, 25)[-1] == pytest.approx(wanted, rel=1e-9)
    elif start > 1.001 * edge:
        with pytest.raises(ValueError, match="does not converge"):
            newton(function, x, start * wanted, 25)


@pytest.mark.parametrize(("function", "edge"), [("reciprocal", 2.0), ("rsqrt", math.sqrt(3))])
def test_just_outside_the_basin_the_first_step_is_negative(function, edge):
    assert STEPS[function](1.0, 0.999 * edge) > 0 > STEPS[function](1.0, 1.001 * edge)
    assert not BASIN[function][0](1.0, 1.001 * edge)


@pytest.mark.parametrize("function", STEPS)
def test_two_steps_round_nearly_all_of_fp16_rightly(function):
    x = every_value("fp16", low=2.0**-24)
    found = [accuracy(RootUnit(function, 5, n), FUNCTIONS[function][0], x, "fp16") for n in (0, 1, 2)]
    assert found[0].worst > 20
    assert found[1].worst < 2
    assert found[2].worst < 0.51
    assert found[2].right > 0.999


def test_sampled_fp32_needs_a_third_step():
    x = samples(1, 4)
    worst = [accuracy(RootUnit("rsqrt", 5, n), FUNCTIONS["rsqrt"][0], x, "fp32").worst for n in (2, 3)]
    assert worst[0] > 8  # what the method leaves: 8e-7 is 14 ulp
    assert worst[1] < 3  # what rounding in float32 leaves


def test_zero_has_a_root_and_roots_keep_their_shape():
    unit = RootUnit("sqrt", 5, 3)
    assert unit(np.zeros((2, 1))).tolist() == [[0], [0]]
    assert unit(np.array([[4.0, 9.0]])).round(5).tolist() == [[2, 3]]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("x", [np.inf, -np.inf])
def test_infinity_goes_where_the_function_goes(function, x):
    units = [TableUnit(function, 6)] + ([RootUnit(function)] if function in STEPS else [])
    for unit in units:
        if function in NO_VALUE and NO_VALUE[function][0](x):
            with pytest.raises(ValueError, match="has no real value at -inf"):
                unit(x)
        else:
            assert float(unit(x)) == float(FUNCTIONS[function][0](x))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: RootUnit("sqrt")(np.array([4.0, -4.0])), "sqrt has no real value at -4; give it numbers of at"),
        (lambda: RootUnit("reciprocal")(np.array(0.0)), "reciprocal has no real value at 0; give it numbers"),
        (lambda: TableUnit("log", 4)(np.array([0.0])), "log has no real value at 0; give it positive numbers"),
        (lambda: TableUnit("tanh", 4)(np.array([np.nan])), "tanh got NaN; a special-function unit passes it on"),
        (lambda: newton("rsqrt", np.nan, 0.5, 2), "rsqrt got NaN"),
        (lambda: newton("rsqrt", 4.0, np.nan, 2), "rsqrt of 4 does not converge from nan"),
        (lambda: newton("reciprocal", 2.0, 1.5, 2), "the start must keep 0 < x y0 < 2; take one near 0.5"),
        (lambda: newton("cbrt", 2.0, 1.0, 2), "no iteration for 'cbrt'; there are reciprocal, rsqrt, sqrt"),
        (lambda: newton("sqrt", 2.0, 1.0, 0), "iterations must be a whole number of at least 1, got 0"),
        (lambda: TableUnit("sin", 4), "no table for 'sin'; there are exp, log"),
        (lambda: TableUnit("exp", 4, 3), "order must be 0 (look-up), 1 (linear) or 2 (quadratic), got 3"),
        (lambda: TableUnit("exp", 20), "a table of 2^20 entries is no table; take 16 bits or fewer"),
        (lambda: RootUnit("rsqrt", 5, -1), "iterations must be a whole number of at least 0, got -1"),
        (lambda: every_value("fp32"), "fp32 has 2^32 codes; sample it"),
        (lambda: ulp(np.ones(1), "fp8"), "format 'fp8' is not known here; choose from fp16, bf16, fp32"),
        (lambda: piecewise_linear(np.ones(1), np.array([1, 1]), np.ones(2)), "knots ascend and have one value each"),
        (lambda: tree_sum(np.ones((2, 2))), "got shape (2, 2)"),
    ],
)  # fmt: skip
def test_what_has_no_value_is_refused_in_words(run, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        run()


# ---- trees and cycles


@given(x=st.lists(st.integers(-100, 100), min_size=1, max_size=200))
def test_a_tree_adds_everything_once(x):
    total = tree_sum(np.array(x))
    assert total.value == sum(x)
    assert total.adders == len(x) - 1
    assert total.levels == math.ceil(math.log2(len(x))) == tree_cycles(len(x))


def test_a_tree_keeps_small_numbers_that_a_running_sum_drops():
    """fp16 has 11 bits: from 2048 on, adding 1 one by one changes nothing; in pairs the sums stay even."""
    ones, running = np.ones(4096, np.float16), np.float16(0)
    for one in ones:
        running = running + one
    assert running == 2048
    assert tree_sum(ones).value == 4096


@given(n=st.integers(1, 2000), k=st.integers(1, 8))
def test_a_narrow_tree_cannot_beat_its_input(n, k):
    assert tree_cycles(n, 2**k) >= math.ceil(math.log2(n)) == tree_cycles(n)
    assert n <= 2**k or tree_cycles(n, 2**k) > n / 2**k


def test_mean_and_variance_of_a_row():
    x = np.random.default_rng(0).normal(size=512)
    mean, var, steps = mean_and_variance(x)
    assert (mean, var) == (pytest.approx(x.mean()), pytest.approx(x.var()))
    assert steps == 1 + 9 + 2  # square, nine levels, divide and combine


def test_latencies_count_the_steps_that_wait():
    assert relu_cycles() == 1
    assert [cycles(TableUnit("exp", 6, order)) for order in (0, 1, 2)] == [1 + 1 + order for order in (0, 1, 2)]
    assert [cycles(RootUnit("rsqrt", 5, n)) for n in (0, 1, 2)] == [1, 1 + 3, 1 + 3 + 3]
    assert cycles(RootUnit("sqrt", 5, 1)) == cycles(RootUnit("rsqrt", 5, 1)) + 1
    assert cycles(RootUnit("reciprocal", 5, 1)) == 1 + 2
