"""What the page prints, entered a second time by hand: the ledger's prints are held against it."""

import pytest

from labcore.claims.ledger import LEDGER, load
from labcore.claims.printed import Each, Number, Range
from tests.pages import every

PAGE = every("PAGE")


def plain(text):
    """Without the commas between thousands; those of a list have a space behind them."""
    return ", ".join(part.replace(",", "") for part in text.split(", "))


@pytest.fixture(scope="module")
def numbers():
    """The claims that print numbers."""
    load()
    return {id: claim.printed for id, claim in LEDGER.items() if isinstance(claim.printed, Number | Range | Each)}


@pytest.mark.parametrize("id", PAGE)
def test_a_claim_prints_what_the_page_prints(id, numbers):
    assert plain(numbers[id].text) == plain(PAGE[id])


def test_every_printed_number_was_entered_twice(numbers):
    assert sorted(set(numbers) - set(PAGE)) == []
