"""The errata: every departure once, weighed by the rule, and every quantity that is stated more than once."""

import re
from pathlib import Path

import pytest

from labcore import cli
from labcore.claims.ledger import LEDGER, claims, load
from labcore.claims.printed import Each, Number, Range, Truth, Words
from labcore.claims.quantities import Place, Quantity, quantities, span
from labcore.claims.slips import SAME, WEIGHTS, beyond, off_by, parted, slips
from labcore.report import errata
from labcore.report.inventory import find_items, inventory
from tests.pages import every

ROOT = Path(__file__).parent.parent
load()


@pytest.fixture(scope="module")
def departing():
    """Every claim that departs, settled, by its id."""
    return {one.claim.id: one for one in claims(*(id for id, one in LEDGER.items() if one.departs_by))}


@pytest.fixture(scope="module")
def page():
    return errata.page()


# The page


def test_the_page_is_fresh(page):
    assert (ROOT / "docs/errata.md").read_text(encoding="utf-8") == page, "docs/errata.md is stale; run `labcore build`"


def test_every_departure_has_one_entry(page):
    anchors = re.findall(r'<a id="([\w-]+)"></a>', page)
    assert sorted(anchors) == sorted(every("ERRATA") | every("ROUNDING"))


def test_slips_of_one_weight_stand_in_the_order_of_the_chapter(page):
    order = list(inventory())
    for group in page.split("\n## ")[1 : len(WEIGHTS) + 1]:
        ids = re.findall(r'^### .*?<a id="([\w-]+)">', group, re.MULTILINE)
        stands = [order.index(find_items(LEDGER[id].item)[0].name) for id in ids]
        assert stands == sorted(stands)


def test_every_link_within_the_page_leads_somewhere(page):
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}
    targets = set(re.findall(r"\]\(#([\w-]+)\)", page))
    assert targets <= headings | set(re.findall(r'id="([\w-]+)"', page))


def test_the_summary_adds_up(page):
    rows = [line for line in page.splitlines() if re.search(r"(\| \d+ ){4}", line)]
    *weights, whole = ([int(n) for n in re.findall(r"\| (\d+)", row)] for row in rows)
    assert len(weights) == len(WEIGHTS)
    assert [sum(column) for column in zip(*weights, strict=True)] == whole
    assert whole[1] == len(every("ERRATA") | every("ROUNDING"))


def test_every_listing_is_run(page):
    rows = re.findall(r"^\| (Listing \d+|Algorithm 1) \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    assert {name for name, _, _ in rows} == {f"Listing {n}" for n in range(1, 23)} | {"Algorithm 1"}
    assert all("notebooks/" in cells for _, cells, _ in rows)
    assert all(re.search(r"reproduces|erratum", shown) for name, _, shown in rows), "each is computed, none only shown"


# Slips and their weight


@pytest.mark.parametrize(
    ("printed", "computed", "factor"),
    [
        (Number("0.5"), 5.0, 10),
        (Number("1,000"), 4, 250),
        (Range("15", "30"), [13.2, 15.3], 15 / 13.2),
        (Range("50", "200"), 762.2, 762.2 / 200),
        (Range("80", None), 54.2, 80 / 54.2),
        (Each("3.3", "3.3"), [1.1, 3.3], 3),
        (Words("dozens", least=24, most=99), 200, 200 / 99),
        (Words("orders of magnitude", least=100), 10, 10),
    ],
)
def test_off_by_the_worst_of_the_values(printed, computed, factor):
    assert off_by(printed, computed) == pytest.approx(factor)


def test_a_statement_has_no_factor():
    assert off_by(Truth(), False) is None
    assert off_by(Words("in words alone"), 3) is None
    assert beyond(-1, 2, 3) == beyond(1, -3, 0) == float("inf")


@pytest.mark.parametrize(
    ("id", "weight"),
    [
        ("speed-of-light-impossible", 0), ("footnote-16-cray-1-speedup", 1), ("margin-energy-sram-0-5pj", 1),
        ("footnote-32-kv-cache", 2), ("def-1-1-transistor-count", 3), ("alexnet-margin", 4),
    ],
)  # fmt: skip
def test_weights_by_hand(id, weight, departing):
    assert [slip.weight for slip in slips(departing.values()) if slip.first.claim.id == id] == [weight]


def test_slips_group_what_departs_and_nothing_twice(departing):
    ids = [id for group in SAME for id in group]
    assert len(ids) == len(set(ids))
    assert set(ids) <= every("ERRATA")
    assert sum(len(slip.settled) for slip in slips(departing.values())) == len(every("ERRATA") | every("ROUNDING"))


def test_a_reading_is_the_end_of_a_reason(departing):
    without = [id for id in every("ERRATA") if not parted(departing[id].reason)[1]]
    assert set(without) == {"margin-energy-sram-0-5pj", "pitfall2-sram-energy", "table-6-format-counts"}
    for id in every("ERRATA") - set(without):
        demonstration, reading = parted(departing[id].reason)
        assert demonstration.endswith("."), id
        assert re.match(r"Would hold[, ]", reading), id
        assert len(demonstration) >= 40, f"{id} must demonstrate before it reads otherwise"


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("listing-16-18-outputs", "0 come out right; all four hold 48"),  # each 2 (1 + 2) (3 + 5)
        ("listing-17-outputs", "get one sum, 26"),  # 2 (1 x 3 + 2 x 5)
        ("systolic-computing-1pj", "is 176x, with the margin's 3.7 pJ 187x"),  # 2564.6 / 14.6, 2563.7 / 13.7
        ("sc9-q1-cap-below-its-premise", "leaves 7.7 % that does not shrink, and a cap of 13x"),  # (8 / 5.2 - 1) / 7
        ("sc9-q4-weekly-to-hourly", "fail every 2.7 days"),  # 64 / 24
        ("sc11-q2-ten-to-hundred", "a CPU of 50 W"),  # 100 x (5 / 10) W for a TFLOP/s
    ],
)
def test_reasons_by_hand(id, words, departing):
    assert words in departing[id].reason


# What is said more than once


@pytest.mark.parametrize("one", quantities(), ids=lambda one: one.name)
def test_what_differs_has_an_erratum_and_what_agrees_has_none(one):
    assert len(one.places) >= 2
    assert one.agrees == (not one.errata), [(place.where, place.text) for place in one.places]
    assert {LEDGER[id].departs_by for id in one.errata} <= {"erratum"}
    assert {LEDGER[id].departs_by for place in one.places if (id := place.claim)} <= {"", "erratum", "rounding"}


def test_contradictions_between_places_are_quantities_or_statements():
    """An erratum of this check stands in the table, unless it is a statement or cites a source outside."""
    own = {id for id in every("ERRATA") if LEDGER[id].function.__module__.endswith("contradictions_memory")}
    numbers = {id for id in own if isinstance(LEDGER[id].printed, Number) and LEDGER[id].kind == "computes"}
    assert numbers <= {id for one in quantities() for id in one.errata}


@pytest.mark.parametrize(
    ("a", "b", "agree"),
    [
        ("2.04 TB/s", "2,039 GB/s", True), ("2.04 TB/s", "1,555 GB/s", False), ("about 1,000 x", "989 x", True),
        ("1,000 TFLOP/s", "989 TFLOP/s", False), ("50 to 200", "762.2", False), ("600 to 900 GB/s", "900 GB/s", True),
        ("1 to 2", "1 to 3", False), ("over 200", "200", False), ("over 200", "762", True), ("below 10", "0.8", True),
        ("below 5", "120", False), ("within 12 to 49.5 ns", "about 100 ns", False), ("16.8 MB", "16.8 MB", True),
    ],
)  # fmt: skip
def test_prints_compared_within_their_digits(a, b, agree):
    assert span(a).meets(span(b)) is span(b).meets(span(a)) is agree


def test_a_planted_contradiction_is_found():
    texts = ("312 TFLOP/s", "312 TFLOP/s", "321 TFLOP/s")
    planted = Quantity("A100", tuple(Place(f"place {n}", t) for n, t in enumerate(texts)), (), tuple(map(span, texts)))
    assert not planted.agrees
    assert [other.where for other in planted.parts_from(planted.places[2])] == ["place 0", "place 1"]


def test_a_print_that_cannot_be_read_says_how_to_write_it():
    with pytest.raises(ValueError, match=r"^print 'some 9 ns' is not read; write 'about 2 TB/s', '1 to 2 x'"):
        span("some 9 ns")


def test_the_command_lists_them_and_picks_by_claim(capsys):
    cli.show_consistency(["fallacy1-cpu-ridge"], "", as_json=False)
    out = capsys.readouterr().out
    assert "Server CPU: ridge point" in out
    assert "1 quantities in 2 places: 0 agree, 1 differ" in out
    with pytest.raises(ValueError, match="--consistency compares places and takes no --verdict"):
        cli.show_consistency([], "erratum", as_json=False)
