"""What the page prints, entered a second time by hand: the ledger's prints are held against it."""

import numpy as np
import pytest

from labcore.claims.ledger import LEDGER, load
from labcore.claims.printed import Each, Number, Range, Words
from tests.pages import every

PAGE = every("PAGE")


def plain(text):
    """Without the commas between thousands; those of a list have a space behind them."""
    return ", ".join(part.replace(",", "") for part in text.split(", "))


def as_printed(printed):
    """The number of a print as text, of words the number that they name; None where there is none."""
    if isinstance(printed, Number | Range | Each):
        return printed.text
    if isinstance(printed, Words) and printed.number is not None:
        return ", ".join(map(str, np.atleast_1d(printed.number)))
    return None


@pytest.fixture(scope="module")
def numbers():
    """The numbers that claims print, by id."""
    load()
    return {id: text for id, claim in LEDGER.items() if (text := as_printed(claim.printed)) is not None}


@pytest.mark.parametrize("id", PAGE)
def test_a_claim_prints_what_the_page_prints(id, numbers):
    assert plain(numbers[id]) == plain(PAGE[id])


def test_every_printed_number_was_entered_twice(numbers):
    assert sorted(set(numbers) - set(PAGE)) == []
