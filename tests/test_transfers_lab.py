"""What lab 08's part on transfers shows: its claims, figures and explorers."""

import inspect

import pytest

from labcore.claims.ledger import claim
from labcore.claims.ledger import find as find_claim
from labcore.explore import gantt, messages
from labcore.explore.transfers import message_explorer, transfer_explorer
from labcore.interconnect.schedule import pipelined_time
from labcore.plots.registry import find
from labcore.plots.transfers import PRINTED
from labcore.plots.words import rows

# ---- claims


def test_departures_show_their_numbers():
    reasons = {
        "hbm-vs-pcie-30x": ["31.25", "is 30."],
        "hbm-vs-pcie-30x-one-way": ["carries 31.5 GB/s", "64.7 times", "53.2 times"],
        "hbm-vs-pcie-small-transfers": ["takes 6 us", "add 0.064 us, 1% of all", "384 kB"],  # 4096 / 64e9; 6 us x 64e9
        "fig-margin-bandwidth-taper": ["3.7, 14.1 and 1.28"],
        "eight-gpus-5-tbps-of-compute": ["16.3 TB/s", "26.8", "4.8 TB/s", "2.4 TB/s against 63 GB/s"],
        "pcie-switch-64": ["64 GB/s"],
        "bandwidth-taper-equation": ["it is 1.28", "450, 63 and 50 GB/s", "7.4, 7.1 and 1.26"],
    }
    for id, parts in reasons.items():
        assert [part for part in parts if part not in claim(id).reason] == [], id


def test_claims_take_other_inputs():
    assert claim("eight-gpus-5-tbps", fabric="NVLink 4").computed == pytest.approx(8 * 0.9)
    assert claim("host-transfer-steps-text", chunks=3).computed == 12
    assert claim("pcie-switch-64", lanes=8).computed == pytest.approx(64 / 2 * 128 / 130)


# ---- figures


def timeline(**inputs):
    table = find("host-transfer-timeline").table(**inputs)
    row, lap = ([r for r in rows(table) if r["schedule"] == name] for name in ("one after another", "overlapped"))
    return row, lap


def test_the_timeline_has_the_sizes_of_its_batch():
    """32 images of 3 x 224 x 224 numbers of 4 B over 31.5 GB/s, after 6 us."""
    row, _ = timeline()
    first = {r["step"]: r["end"] - r["start"] for r in row if r["batch"] == 0}
    assert first["copy in"] == pytest.approx(6e-6 + 32 * 3 * 224 * 224 * 4 / (16e9 * 16 * 128 / 130 / 8))
    assert first["copy out"] == pytest.approx(6e-6 + 32 * 1000 * 4 / (16e9 * 16 * 128 / 130 / 8))
    assert first["launch"] == pytest.approx(5e-6)  # the catalogue: 4 to 6 us


@pytest.mark.parametrize("inputs", [{}, {"batches": 7, "network": "mobilenetv2", "link": "PCIe Gen3 x16"}])
def test_the_overlapped_half_ends_earlier_and_does_the_same_work(inputs):
    row, lap = timeline(**inputs)
    work = [sum(r["end"] - r["start"] for r in half) for half in (row, lap)]
    assert work[0] == pytest.approx(work[1])
    assert max(r["end"] for r in lap) < max(r["end"] for r in row)
    assert len(row) == len(lap) == 4 * inputs.get("batches", 4)


def test_drawn_bars_are_the_rows_of_the_timeline():
    figure = find("host-transfer-timeline")
    (ax,) = figure.plot().axes
    drawn = sorted((bar.get_x(), bar.get_width()) for bar in ax.patches)
    table = sorted((r["start"], r["end"] - r["start"]) for r in rows(figure.table()))
    assert [x for pair in drawn for x in pair] == pytest.approx([x for pair in table for x in pair], abs=1e-12)


def test_drawn_bars_are_the_rows_of_the_taper():
    figure = find("bandwidth-taper")
    (ax,) = figure.plot().axes
    bars = sorted(bar.get_width() for bar in ax.patches)
    diamonds = sorted(float(line.get_xdata()[0]) for line in ax.lines if len(line.get_xdata()))
    table = [(r["series"], r["BW"]) for r in rows(figure.table())]
    assert bars == sorted(BW for series, BW in table if series != "as printed")
    assert diamonds == sorted(BW for series, BW in table if series == "as printed")


def test_the_taper_says_that_nvlink_is_printed_both_ways():
    table = {(r["rung"], r["series"]): r["BW"] for r in rows(find("bandwidth-taper").table())}
    assert table["NVLink", "as printed"] == 2 * table["NVLink", "H100 node"]
    assert table["network", "as printed"] == table["network", "H100 node"]


def test_the_diamonds_are_the_inputs_of_the_chapters_equation():
    defaults = [
        p.default for p in inspect.signature(find_claim("bandwidth-taper-equation").function).parameters.values()
    ]
    assert tuple(defaults) == PRINTED == (3350e9, 900e9, 64e9, 50e9)


# ---- explorers

SIZES = {"chip": "A100", "link": "PCIe Gen4 x16", "MB_in": 64, "MB_out": 16, "chunks": 4}


def test_the_explorer_draws_the_closed_form():
    one, done = gantt.planned(engines="2", I=4096, **SIZES)
    assert max(i.end for i in done) == pytest.approx(pipelined_time(one, 4))
    assert one.compute == pytest.approx(4096 * 64e6 / 312e12 / 4)


def test_at_the_turn_computing_takes_as_long_as_copying():
    """Four chunks of 16 MB, 6 us for each call: the link needs I / 312 TFLOP/s for each of their bytes."""
    BW = 16e9 * 16 * 128 / 130 / 8
    I = round((6e-6 / 16e6 + 1 / BW) * 312e12)
    below, above = (gantt.one_chunk(I=I + d, **SIZES).binds for d in (-2, 2))
    assert (below, above) == ("copy in", "compute")
    assert gantt.compute_over_copies(engines="2", I=I, **SIZES) == pytest.approx(1, abs=1e-4)
    assert transfer_explorer(I=I).sentence.endswith("takes 1.000 times as long as its copies")


def test_one_engine_copies_both_ways_in_turn():
    assert "busiest is the copy engine" in transfer_explorer(engines="1").sentence
    shares = [gantt.compute_over_copies(engines=e, I=1, **SIZES) for e in "12"]
    assert shares[0] < shares[1]


def test_one_chunk_is_no_plural():
    assert "in 1 chunk, " in transfer_explorer(chunks=1).sentence


def test_the_bars_stand_where_the_schedule_has_them():
    explorer = transfer_explorer()
    one, done = gantt.planned(engines="2", I=4096, **SIZES)
    lanes = [len(bars.get_paths()) for bars in explorer.artists.bars]
    assert lanes == [4, 4, 4, 4]
    last = explorer.artists.bars[3].get_paths()[-1].get_extents()
    assert last.x1 == pytest.approx(max(i.end for i in done) / (4 * one.total))
    assert explorer.artists.ends.get_xdata()[0] == pytest.approx(last.x1)


def test_a_message_of_the_half_size_reaches_half():
    said = messages.describe("PCIe Gen4 x16", 2**24, 64)
    half = 6e-6 * 16e9 * 16 * 128 / 130 / 8
    assert f"{half / 1e3:.0f} kB" in said
    piece = 2**24 / 64
    assert f"{piece / (piece + half):.1%} of one direction" in said
    assert message_explorer().artists.half.get_xdata()[0] == pytest.approx(half)
