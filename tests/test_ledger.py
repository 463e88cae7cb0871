"""The ledger's machinery: what meets a print, how a verdict is reached, how claims are called and shown."""

import subprocess
import sys

import numpy as np
import pytest

from labcore.catalogue.facts import Fact, Source
from labcore.claims import ledger
from labcore.claims.ledger import Claim, LedgerError, claim, claims, claims_at, find, in_printed_unit
from labcore.claims.printed import Each, Identity, Number, Range, Truth, Words, half_unit
from labcore.claims.settled import format_value

# What meets a print


@pytest.mark.parametrize(
    ("text", "half"), [("31", 0.5), ("31.0", 0.05), ("2,304", 0.5), ("0.75", 0.005), ("138.9", 0.05), ("190", 0.5)]
)
def test_half_unit_of_the_last_digit(text, half):
    assert half_unit(text) == pytest.approx(half, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("31", [30.5, 31.03, 31.5], [30.49, 31.51]),
        ("31.0", [30.95, 31.03, 31.05], [30.949, 31.06, 31.5]),
        ("63.3", [63.25, 63.271, 63.35], [63.209, 63.351]),
        ("0.7", [0.654, 0.65, 0.75], [0.649, 0.7501]),
        ("2,361.8", [2361.79, 2361.85], [2361.7, 2361.9]),
    ],
)
def test_number_holds_within_half_a_unit(text, inside, outside):
    assert [Number(text).holds(value) for value in inside] == [True] * len(inside)
    assert [Number(text).holds(value) for value in outside] == [False] * len(outside)


def test_range_holds_for_one_and_for_all():
    assert Range("10", "20").holds(12)
    assert Range("10", "20").holds([9.5, 20.5])  # half a unit beyond the printed ends
    assert not Range("10", "20").holds([12, 20.6])
    assert not Range("10", "20").holds(4.5)
    assert Range("64", None).holds([64, 1e9])
    assert not Range("64", None).holds(60.2)
    assert Range("64", None).value == [64, None]


def test_each_wants_as_many_values_as_are_printed():
    assert Each("1", "205").holds([0.999, 204.8])
    assert not Each("1", "205").holds([204.8, 0.999])
    assert not Each("1", "205").holds([0.999])
    assert not Each("1", "205").holds([0.999, 204.8, 1])


def test_truth_holds_for_its_own_value_only():
    assert Truth().holds(True)
    assert Truth(False).holds(False)
    assert not Truth().holds(False)
    assert not Truth(False).holds(np.bool_(True))
    assert (Truth().text, Truth(words="above the ridge").text) == ("true", "above the ridge")


def test_identity_compares_both_sides_everywhere():
    law = Identity("a = b")
    assert law.holds((1e15, 1e15 * (1 + 1e-12)))
    assert not law.holds((1.0, 1.0 + 1e-6))
    assert law.holds(([1, 2], [1, 2]))
    assert not law.holds(([1, 2], [1, 3]))
    assert not law.holds(([1, 2], [1]))


def test_words_are_read_with_their_limits():
    words = Words("orders of magnitude", least=100)
    assert words.holds(100)
    assert words.holds([100, 1000])
    assert not words.holds([99, 1000])
    assert not Words("modestly", most=2).holds(2.1)
    assert not Words("over a range", spread=True).holds([5, 5])
    assert Words("over a range", spread=True).holds([5, 6])


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        (63.27e12, "TFLOP/s", 63.27),
        (131072, "KB", 131.072),  # the chapter's KB is 1000 B
        (0.25, "%", 25.0),
        (2304, "FLOP", 2304),
        (25_690_112, "M elements", 25.690112),
        (1e4, "log10(FLOP/B)", 4.0),
        ((280.8e12, 296.4e12), "TFLOP/s (A100)", [280.8, 296.4]),
        (np.bool_(True), "", True),
        (([1e12, 2e12], (3e12,)), "TB/s", [[1.0, 2.0], [3.0]]),
    ],
)
def test_values_in_the_unit_of_the_print(value, unit, printed):
    found = in_printed_unit(value, unit)
    assert found == printed
    assert type(found) is type(printed)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), [1.0, float("nan")]])
def test_a_claim_computes_finite_numbers(bad):
    with pytest.raises(LedgerError, match=r"^a claim computes finite numbers, got (nan|inf)$"):
        in_printed_unit(bad, "x")


def test_values_for_people():
    assert format_value(31.030303) == "31.03"
    assert format_value([0.99902, 204.8]) == "0.99902, 204.8"
    assert format_value(False) == "false"
    assert format_value(59190018048) == "59190018048"


# How a verdict is reached


def made(printed, value, unit="FLOP/B", kind="computes", departure=None, by=""):
    """A claim of its own, not in the ledger."""

    def function(I=value):
        """Returns what it is given."""
        return I

    return Claim("made-up", "Item 1", printed, unit, "00_lab#cell", function, kind, "Statement.", departure, by)


def test_a_value_that_meets_the_print_reproduces_it():
    settled = made(Number("31"), 31.03).settle()
    assert (settled.verdict, settled.reason, settled.computed) == ("reproduces", "", 31.03)


def test_a_departure_without_a_demonstration_raises():
    with pytest.raises(LedgerError, match=r"^made-up prints 31\.0 FLOP/B but computes 31\.2; demonstrate why$"):
        made(Number("31.0"), 31.2).settle()


@pytest.mark.parametrize("by", ["rounding", "erratum"])
def test_agreement_with_a_reason_raises(by):
    agreeing = made(Number("31"), 31.03)
    getattr(agreeing, by)(lambda: 31.0)
    with pytest.raises(LedgerError, match=rf"^made-up reproduces the print, .*; remove its {by}$"):
        agreeing.settle()


def test_a_rounding_must_meet_the_print():
    departing = made(Number("63.3"), 63.2)

    @departing.rounding
    def reading():
        """The unrounded factor gives {value:.2f}."""
        return 63.27

    settled = departing.settle()
    assert (settled.verdict, settled.reason) == ("rounding", "The unrounded factor gives 63.27.")

    idle = made(Number("63.3"), 63.2)
    idle.rounding(lambda: 63.1)
    idle.departure.__doc__ = "Another reading."
    with pytest.raises(LedgerError, match=r"^made-up: the reading gives 63\.1, which does not meet the print 63\.3"):
        idle.settle()


def test_a_rounding_is_read_in_the_printed_unit():
    departing = made(Number("63.3"), 63.2e12, unit="TFLOP/s")

    @departing.rounding
    def reading():
        """Unrounded: {value:.2f}."""
        return 63.27e12

    assert departing.settle().reason == "Unrounded: 63.27."


def test_an_erratum_shows_its_numbers():
    departing = made(Number("10"), 2.0, unit="x")

    @departing.erratum
    def demonstration():
        """Four traversals become {fused}.

        The gain is {gain:.1f}x.
        """
        return {"fused": 2, "gain": 2.0}

    settled = departing.settle()
    assert settled.verdict == "erratum"
    assert settled.reason == "Four traversals become 2. The gain is 2.0x."

    bare = made(Number("10"), 2.0, unit="x")
    bare.erratum(lambda: {})
    bare.departure.__doc__ = "It is wrong."
    with pytest.raises(LedgerError, match=r"^made-up: an erratum shows its numbers; put them into its docstring as "):
        bare.settle()


def test_a_claim_departs_once():
    departing = made(Number("10"), 2.0)
    departing.erratum(lambda: {})
    with pytest.raises(LedgerError, match=r"^made-up departs twice; one demonstration is enough$"):
        departing.rounding(lambda: 10)


def test_a_cited_value_must_meet_its_print():
    source = Source("NVIDIA", "A100 data sheet", 2022)
    settled = made(Number("2.04"), Fact(2.039e12, "B/s", source), "TB/s", "cites").settle()
    assert (settled.verdict, settled.computed) == ("cited", 2.039)
    assert settled.reason == "NVIDIA, A100 data sheet, 2022"
    with pytest.raises(LedgerError, match=r"^made-up prints 2\.04 TB/s but computes 1\.555; demonstrate why$"):
        made(Number("2.04"), Fact(1.555e12, "B/s", source), "TB/s", "cites").settle()
    with pytest.raises(LedgerError, match=r"^made-up prints TFLOP/s but its Fact is in B/s$"):
        made(Number("2.04"), Fact(2.039e12, "B/s", source), "TFLOP/s", "cites").settle()


def test_only_facts_are_cited_and_only_by_cites():
    with pytest.raises(LedgerError, match=r"^made-up cites but returns 2040000000000\.0; what is cited is a Fact"):
        made(Number("2.04"), 2.04e12, "TB/s", "cites").settle()
    fact = Fact(2.04e12, "B/s", Source("NVIDIA", "A100 data sheet", 2022))
    with pytest.raises(LedgerError, match=r"^made-up computes but returns Fact\(.*; what is cited is a Fact"):
        made(Number("2.04"), fact, "TB/s").settle()


def test_what_is_shown_has_nothing_computed():
    settled = claim("def-1-5-arithmetic-intensity")
    assert (settled.verdict, settled.computed, settled.claim.printed) == ("shown", None, None)
    with pytest.raises(ValueError, match=r"^def-1-5-arithmetic-intensity has no input I; it has none$"):
        find("def-1-5-arithmetic-intensity")(I=3)


# Calls


def test_inputs_of_ones_own_give_a_value_and_no_verdict():
    settled = claim("nm1-3-v100-ridge", BW=1e12)
    assert (settled.computed, settled.verdict) == (125.0, "")
    assert settled.cells()[3] == "yours"
    assert claim("nm1-3-v100-ridge").verdict == "reproduces"  # and change nothing for the next call


def test_unknown_inputs_are_named():
    with pytest.raises(ValueError, match=r"^nm1-3-v100-ridge has no input bw, peak; it has R_peak, BW$"):
        claim("nm1-3-v100-ridge", peak=1, bw=2)


def test_unknown_ids_lead_to_the_nearest():
    with pytest.raises(ValueError, match=r"^no claim 'nm1-3-v100'; did you mean nm1-3-v100-ridge, "):
        find("nm1-3-v100")
    with pytest.raises(ValueError, match=r"^no claim '\?'; did you mean one that `labcore claims` lists\?$"):
        claims("?")


def test_the_books_inputs_are_computed_once_and_others_each_time():
    asked = []
    one = Claim("mine", "Item 1", Number("2"), "x", "00_lab#cell", lambda n=2: asked.append(n) or n)
    assert one.settle() is one.settle()
    assert [one.settle(n=3).computed, one.settle(n=3).computed] == [3, 3]
    assert asked == [2, 3, 3]


def test_a_departure_that_comes_later_is_heeded():
    one = Claim("mine", "Item 1", Number("2"), "x", "00_lab#cell", lambda: 2)
    assert one.settle().verdict == "reproduces"
    one.rounding(lambda: 2)
    with pytest.raises(LedgerError, match=r"^mine reproduces the print, so it may not carry a reason"):
        one.settle()


def test_a_second_claim_of_the_same_id_raises(monkeypatch):
    monkeypatch.setattr(ledger, "LEDGER", dict(ledger.LEDGER))
    with pytest.raises(LedgerError, match=r"^claim nm1-3-v100-ridge is there already$"):
        ledger.shows("nm1-3-v100-ridge", "Napkin Math 1.3", "Again.", "09_roofline#napkin-1-3")


def test_decorators_register_and_keep_the_function(monkeypatch):
    monkeypatch.setattr(ledger, "LEDGER", {})

    @ledger.computes("mine", "Item 1", Number("2"), "x", "00_lab#cell")
    def twice(n=1):
        """Twice a number,
        over two lines.

        Not part of the statement.
        """
        return 2 * n

    assert find("mine") is twice
    assert twice.statement == "Twice a number, over two lines."
    assert twice() == 2
    assert twice(n=3) == 6
    assert twice.function.__name__ == "twice"


def test_claims_at_a_cell():
    here = claims_at("09_roofline#napkin-1-6")
    assert len(here) == 12 + 2  # Napkin Math 1.6 and the two equations it uses
    assert {one.claim.where for one in here} == {"09_roofline#napkin-1-6"}
    with pytest.raises(ValueError, match=r"^no claim is settled at '09_roofline#napkin-1-99'; "):
        claims_at("09_roofline#napkin-1-99")


# As people see it


def test_a_long_table_folds_what_reproduces_and_leaves_what_departs_in_sight():
    page = claims_at("09_roofline#napkin-1-6")._repr_html_()
    in_sight, folded = page.split("<details>")
    assert "63.209 TFLOP/s" in in_sight  # the one that departs
    assert in_sight.count("<tr>") == 1 + 1
    assert folded.startswith("<summary>13 statements: 13 reproduces</summary>")
    assert folded.count("<tr>") == 1 + 13
    assert "<details>" not in claims("nm1-3-v100-ridge", "nm1-3-a100-ridge")._repr_html_()


def test_text_of_a_settled_claim():
    assert repr(claim("nm1-3-v100-ridge")) == (
        "nm1-3-v100-ridge: printed 138.9 FLOP/B; computed 138.89 FLOP/B; reproduces"
    )
    assert claim("table12-tpu-2023").cells()[1] == "~10^2"  # words are read as they stand, without a unit
    assert claim("eq-6-batch-intensity").cells()[2] == "both sides 31.03 FLOP/B"
    assert claim("eq-2-roofline-attainable").cells()[2] == "both sides 63.24 TFLOP/s, 312 TFLOP/s"
    assert claim("table13-conv2d-dense").cells()[1] == "50 to 200 FLOP/B"
    assert claim("margin-fig-roofline-elbow").cells()[1:4] == ("-", "-", "shown")


def test_table_of_settled_claims_is_safe_html():
    table = claims("nm1-8-validity-condition", "sc4-q5")
    html = table._repr_html_()
    assert "&gt;&gt; 1" in html  # ">> 1" does not close a tag
    assert html.count("<tr>") == 3
    assert html.count("scope='col'") == 4
    assert repr(table).count("\n") == 1


def test_the_ledger_is_in_the_books_order_whatever_was_imported_first():
    code = (
        "import labcore.claims.codesign; from labcore.claims.ledger import LEDGER, SECTIONS, load; load();"
        "places = [SECTIONS.index(one.section.rpartition('.')[2]) for one in LEDGER.values()];"
        "print(places == sorted(places), len(places) > 800)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True True\n"
    )
