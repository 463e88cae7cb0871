"""Units: prefixes, and the dimensions of every public formula, checked with pint from its signature."""

import ast
import importlib
import inspect
import typing
from pathlib import Path

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labcore
from labcore import units
from labcore.units import format_binary, format_si, positive, positive_ints, unit_scale

FORMULA_MODULES = (
    "roofline", "ironlaw", "interconnect.link", "interconnect.failures", "interconnect.packaging",
    "cost.fleet", "scaling", "latency",
)  # fmt: skip
DIMENSION = {"FLOP": "flop", "B": "octet", "s": "second", "W": "watt", "J": "joule", "1": "dimensionless",
             "m": "metre", "Hz": "hertz"}  # fmt: skip


@pytest.fixture(scope="module")
def registry():
    """A registry in which FLOP and bytes are dimensions of their own, so that they cannot cancel by accident."""
    ureg = pint.UnitRegistry()
    ureg.define("flop = [floating_point_operations]")
    ureg.define("octet = [memory]")
    return ureg


def pint_unit(ureg, unit):
    top, *bottom = unit.split("/")
    return ureg.Unit(DIMENSION[top]) / ureg.Unit(DIMENSION[bottom[0]] if bottom else "dimensionless")


def unit_of(annotation):
    return annotation.__metadata__[0] if hasattr(annotation, "__metadata__") else None


def public_formulas():
    """Functions whose inputs and result all carry units."""
    for name in FORMULA_MODULES:
        module = importlib.import_module(f"labcore.{name}")
        for function_name, function in inspect.getmembers(module, inspect.isfunction):
            written = function.__annotations__
            if function.__module__ == module.__name__ and written and set(written.values()) <= set(vars(units)):
                hints = typing.get_type_hints(function, include_extras=True)
                yield pytest.param(function, hints, id=f"{name}.{function_name}")


def call_with_units(ureg, function, hints):
    """Call a formula with pint quantities in place of floats; its checks see the magnitudes."""
    arguments = {n: 0.5 * pint_unit(ureg, unit_of(h)) for n, h in hints.items() if n != "return"}
    return function(**arguments)


@pytest.fixture
def unchecked(monkeypatch, registry):
    """Let quantities through the sign checks (pint refuses to compare FLOP/s with 0), and give constants their unit."""
    for name in FORMULA_MODULES:
        monkeypatch.setattr(f"labcore.{name}.positive", lambda **quantities: None)
        module = importlib.import_module(f"labcore.{name}")
        for constant, hint in typing.get_type_hints(module, include_extras=True).items():
            if unit := unit_of(hint):
                monkeypatch.setattr(module, constant, getattr(module, constant) * pint_unit(registry, unit))


@pytest.mark.parametrize(("function", "hints"), list(public_formulas()))
def test_dimensions_follow_from_the_signature(function, hints, registry, unchecked):
    result = call_with_units(registry, function, hints)
    wanted = pint_unit(registry, unit_of(hints["return"]))
    assert registry.Quantity(result).is_compatible_with(wanted), f"{result} is not in {wanted}"


def test_a_wrong_unit_in_a_signature_is_caught(registry, unchecked):
    def ridge(R_peak: units.FlopPerSecond, BW: units.BytesPerSecond) -> units.BytesPerSecond:
        return R_peak / BW

    hints = typing.get_type_hints(ridge, include_extras=True)
    result = call_with_units(registry, ridge, hints)
    assert not registry.Quantity(result).is_compatible_with(pint_unit(registry, unit_of(hints["return"])))


def test_the_formulas_that_must_be_there_are_checked():
    names = {param.id for param in public_formulas()}
    assert {"roofline.ridge", "roofline.attainable", "roofline.least_time", "ironlaw.iron_law"} <= names


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.039e12, "B/s", "2.039 TB/s"),
        (999.96, "B", "1 kB"),  # rounds to 1000, which is 1 k
        (0.0, "s", "0 s"),
        (-3.2e-6, "s", "-3.2 us"),
        (25_557_032, "", "25.56 M"),
        (1e21, "FLOP", "1000 EFLOP"),
        (float("inf"), "s", "inf s"),
    ],
)
def test_format_si(value, unit, text):
    assert format_si(value, unit) == text


@given(st.floats(min_value=1e-11, max_value=1e20))
def test_format_si_keeps_four_digits(value):
    number, unit = format_si(value, "B").split(" ")
    assert float(number) * unit_scale(unit)[0] == pytest.approx(value, rel=1e-3)


def test_format_binary_is_not_decimal():
    assert format_binary(80 * 2**30) == "80 GiB"
    assert format_binary(80e9) == "74.51 GiB"  # 80e9 / 2**30 = 74.5058
    assert format_binary(512) == "512 B"


@pytest.mark.parametrize(
    ("unit", "scale", "base"),
    [
        ("TB/s", 1e12, "B/s"),
        ("KB", 1e3, "B"),  # the chapter's KB is 1000 B
        ("KiB", 1024, "B"),
        ("%", 0.01, "1"),
        ("M", 1e6, "1"),
        ("FLOP/B", 1.0, "FLOP/B"),
    ],
)
def test_unit_scale(unit, scale, base):
    assert unit_scale(unit) == (scale, base)


@pytest.mark.parametrize(
    ("unit", "scale"),
    [
        ("ps", 1 / 1000**4), ("ns", 1 / 1000**3), ("us", 1 / 1000**2), ("ms", 1 / 1000), ("s", 1), ("B", 1),
        ("kB", 1000), ("KB", 1000), ("MB", 1000**2), ("GB", 1000**3), ("TB", 1000**4), ("PB", 1000**5),
        ("EB", 1000**6), ("KiB", 1024), ("MiB", 1024**2), ("GiB", 1024**3),
    ],
)  # fmt: skip
def test_prefixes_are_powers_of_1000_and_binary_ones_of_1024(unit, scale):
    assert unit_scale(unit)[0] == pytest.approx(scale, rel=1e-12)


def test_every_prefix_is_among_those_checked():
    assert set(units.PREFIXES) == {"p", "n", "u", "m", "", *"kMGTPE", "Ki", "Mi", "Gi"}


def test_binary_prefixes_are_written_where_each_begins():
    assert [format_binary(3 * 1024**power) for power in range(4)] == ["3 B", "3 KiB", "3 MiB", "3 GiB"]


def test_unknown_unit_says_what_to_write():
    with pytest.raises(ValueError, match=r"^unit 'furlong' is not known; write a prefix and a base such as"):
        unit_scale("furlong")


@pytest.mark.parametrize("bad", [0, -1, 1.5, True, "3", None, float("nan")])
def test_positive_ints_names_the_size(bad):
    with pytest.raises(ValueError, match=r"^K must be a whole number of at least 1, got "):
        positive_ints(M=3, K=bad)


def test_a_size_of_numpy_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"got np.int64\(3\); write int\(K\)$"):
        positive_ints(K=np.int64(3))


@pytest.mark.parametrize(
    "bad", [0, -1.0, float("nan"), float("inf"), 10**400, "fast", None, [1.0, -1.0], [1.0, np.inf]]
)
def test_positive_names_the_quantity(bad):
    with pytest.raises(ValueError, match=r"^BW must be a finite number above 0, got "):
        positive(R_peak=1.0, BW=bad)


@pytest.mark.parametrize("good", [1, 5e-324, 1.7e308, True, np.float32(2), np.arange(1, 4), [1, 2.5]])
def test_positive_takes_numbers_and_arrays(good):
    positive(BW=good)


# ---- the same name, the same unit

SYMBOLS = {"T": "Seconds", "L": "Seconds", "BW": "BytesPerSecond", "R": "FlopPerSecond", "E": "Joules", "P": "Watts",
           "D": "Bytes", "b": "Bytes", "I": "FlopPerByte", "p": "Ratio", "eta": "Ratio", "G": "Ratio"}  # fmt: skip
NOT_SYMBOLS = {"R2", "BW_share"}  # a coefficient of determination; a share of the bandwidth
# Words that mean what stands around them: a budget of bytes or of watts, a rate of requests or a share.
HOMONYMS = {
    "budget", "burst", "clock", "compute", "demand", "exchange", "gradients", "held", "high", "load", "low", "memory",
    "most", "points", "rate", "rates", "traffic", "width",
}  # fmt: skip


def annotated_names():
    """Every parameter, field and constant of the package that carries a unit: its name, its units, its place."""
    for path in sorted(Path(labcore.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.arg):
                name, annotation = node.arg, node.annotation
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name, annotation = node.target.id, node.annotation
            else:
                continue
            used = [one.id for one in ast.walk(annotation) if isinstance(one, ast.Name)] if annotation else []
            if found := {unit for unit in used if unit_of(getattr(units, unit, None)) is not None}:
                yield name, found, f"{path.name}:{node.lineno}"


def test_a_symbol_has_its_unit_and_any_other_name_one_unit_everywhere():
    units_of = {}
    for name, found, place in annotated_names():
        if (symbol := name.split("_")[0]) in SYMBOLS and name not in NOT_SYMBOLS:
            assert found == {SYMBOLS[symbol]}, f"{name} at {place} is in {found}"
        elif name not in HOMONYMS:
            assert found == units_of.setdefault(name, found), f"{name} at {place} is in {found}, not {units_of[name]}"
    assert len(units_of) > 200
