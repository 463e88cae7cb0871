"""The speeds of the search, and ZigZag beside it where `make peers` has installed it."""

import pytest

from labcore.bench import mapping, zigzag
from labcore.loopnest import matmul_traffic
from labcore.mapping import min_traffic


def test_without_the_peer_the_row_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(zigzag, "PYTHON", zigzag.ROOT / "no" / "such" / "python")
    found = mapping.map_beside_zigzag()
    assert (found["value"], found["ok"]) == (None, None)
    assert found["against"] == zigzag.WAY_OUT
    assert "make peers" in found["against"]


def test_the_speeds_are_within_their_limits():
    assert mapping.map_product()["value"] < 0.25  # the bench holds 50 ms; tests run beside other work
    assert mapping.map_convolution()["value"] < 5  # and 1 s


def test_a_peer_that_fails_says_its_last_line(monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no module named zigzag' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(zigzag, "PYTHON", broken)
    with pytest.raises(ValueError, match=r"^ZigZag fails: no module named zigzag$"):
        zigzag.zigzag_search(4, 4, 4, 12)


def test_a_tile_for_each_operand_can_move_less_than_one_for_all():
    """Two rows of A (8 words), two results and one word of B at a time fit 12 words; as one tile they would take 14."""
    apart = matmul_traffic(4, 4, 4, tile=(2, 4, 1), order="MNK")
    assert apart.words == 16 + 2 * 16 + 16  # A once, B once for either pair of rows, C once
    assert min_traffic(4, 4, 4, 12).traffic == 80


@pytest.mark.skipif(not zigzag.PYTHON.exists(), reason=zigzag.WAY_OUT)
def test_zigzag_counts_the_same_words_where_the_buffer_holds_all():
    """Tiles of its own for each operand need the whole buffer to agree: each word once, 16 + 16 in and 16 out."""
    assert zigzag.zigzag_search(4, 4, 4, 48, limit=20)[0] == min_traffic(4, 4, 4, 48).traffic == 48
    assert zigzag.zigzag_search(4, 4, 4, 12, limit=20)[0] == 64
