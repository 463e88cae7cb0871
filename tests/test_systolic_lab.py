"""What lab 06 rests on besides the machine: its claims, self-check items, figures and explorers."""

import re

import numpy as np
import pytest

from labcore.bench import arrays, scalesim
from labcore.claims.ledger import claim
from labcore.explore import edges
from labcore.explore.systolic import array_stepper, fringe_explorer
from labcore.grading.selfcheck import selfcheck
from labcore.plots.registry import find
from labcore.plots.words import rows
from labcore.systolic import cycles, simulate

# Derived here from the page, in the printed unit, without labcore.
BY_HAND = {
    "systolic-vector-energy": 4 * 640 + 1,
    "systolic-array-accesses": 2 / 128,
    "systolic-array-energy": 2 / 128 * 640 + 1,
    "systolic-energy-ratio": 2561 / 11,
    "systolic-energy-ratio-like-for-like": 2561 / (3 / 128 * 640 + 1),  # A, B and C, 128 x 128 words each, 128^3 MACs
    "tpu-100k-mac-units": 2 * 4 * 128 * 128,
    "footnote-26-weight-reuse": 128 - 1,
    "tiling-mismatch": 4096 / 128,
    "tiling-1024-tiles": 32 * 32,
    "tiling-128x-reuse-per-byte": 128 / 2,
    "fig-margin-fringe-cliff": 100 * 129 / 256,
    "fig-margin-fringe-plateau": [25, 50, 100],
    "selfcheck-2-q2-traffic-falls": 4 / (2 / 128),
    "selfcheck-2-q5-fringe-waste": 100 * 127 / 128,
    "systolic-feed-bandwidth": 256 * 2 * 1.05,  # GB/s at 1.05 GHz
    "systolic-feed-bandwidth-chip": 8 * 256 * 2 * 1.05,
}


@pytest.mark.parametrize("id", BY_HAND)
def test_value_by_hand(id):
    assert claim(id).computed == pytest.approx(BY_HAND[id], rel=1e-12)


def test_claims_take_other_inputs():
    assert claim("systolic-array-energy", side=256).computed == pytest.approx(2 / 256 * 640 + 1)
    assert claim("tiling-fringe-129", width=130).computed == 126
    assert claim("systolic-2x2-third-operand", i=1, j=1, k=0).computed == 3  # one step down, one right


def test_departures_show_their_numbers():
    assert "160.1" in claim("systolic-energy-ratio-like-for-like").reason
    assert "229.6 at K = 4096" in claim("systolic-energy-ratio-like-for-like").reason  # 2561 / (641/64 + 640/4096 + 1)
    assert "1, 3, 3, 1, 0, 0: 8 MACs in 6 cycles" in claim("systolic-pe-works-every-cycle").reason
    assert "4301 GB/s where the memory gives 1200" in claim("systolic-feed-bandwidth-chip").reason
    assert "25% at width 32, 50% at 64" in claim("fig-margin-fringe-plateau").reason


# ---- self-check

RIGHT = {
    "systolic-1": 2 / 64,
    "systolic-2": 3 + 2 + 2 - 2 + 2,
    "systolic-3": 100 * (128 - 44) / 128,
    "systolic-4": "b",
    "systolic-5": "ws",
    "systolic-6": 100 / 128,
}
SLIPS = [
    ("systolic-1", 1 / 64, "one operand"),
    ("systolic-1", 2 / 64**2, "not the whole array"),
    ("systolic-1", 32, "Upside down"),
    ("systolic-1", 3, "64 x 64 MACs"),
    ("systolic-2", 5, "shift them out"),
    ("systolic-2", 3, "m + n - 2"),
    ("systolic-2", 12, "rows to unload"),
    ("systolic-3", 34.375, "share that works"),
    ("systolic-3", 100 * (1 - 300 / 384), "all three tiles"),
    ("systolic-3", 84 / 128, "as a fraction"),
    ("systolic-3", 84, "as a share of the 128"),
    ("systolic-3", 50, "256 channels"),
    ("systolic-4", "a", "order"),
    ("systolic-5", "os", "enters 32 times"),
    ("systolic-5", "weights", "wants the name of a dataflow"),
    ("systolic-6", 0.735, "the best dataflow reaches"),
    ("systolic-6", 1 / 128, "as a fraction"),
    ("systolic-6", 50, "a diagonal"),
]


@pytest.mark.parametrize("id", RIGHT)
def test_right_answers_pass(id):
    assert selfcheck(id, RIGHT[id]).right
    assert not selfcheck(id, None).right


def test_a_share_rounded_to_two_places_is_no_slip():
    assert selfcheck("systolic-1", 0.03).right  # 1/32
    assert not selfcheck("systolic-1", 0.04).right


@pytest.mark.parametrize(("id", "answer", "words"), SLIPS)
def test_slips_are_named(id, answer, words):
    told = selfcheck(id, answer)
    assert not told.right
    assert words in told.words


# ---- figures


def test_figure_8_pairs_what_must_meet():
    """In PE (i, j) of a weight-stationary array A[m, i] meets B[i, j]; one column to the right m is one less."""
    held = {(r["part"], r["row"], r["col"]): r["holds"] for r in rows(find("systolic-array").table())}
    busy = [(i, j) for part, i, j in held if part == "A"]
    assert busy == [(0, 0), (0, 1), (1, 0)]  # the second cycle of the wave
    for i, j in busy:
        assert held["A", i, j] == f"A[{1 - i - j},{i}]"
    assert all(held["B", i, j] == f"B[{i},{j}]" for i in range(3) for j in range(3))
    assert [held["waiting", 2, -1 - n] for n in range(3)] == ["A[0,2]", "A[1,2]", "A[2,2]"]


def test_the_film_counts_every_mac_once():
    film = list(rows(find("array-occupancy").table()))
    for flow in ("os", "ws", "is"):
        here = [r for r in film if r["dataflow"] == flow]
        assert sum(r["does"] == "MAC" for r in here) == 4**3
        assert max(r["cycle"] for r in here) == cycles(4, 4, 4, 4, 4, flow) == 14
    assert all(r["does"] == "empty" for r in film if r["dataflow"] == "os" and r["cycle"] == 14)


def test_the_fringe_is_drawn_as_the_function_it_is():
    at = {(r["series"], r["N"]): r["share"] for r in rows(find("fringe-cliff").table())}
    assert at["lanes", 129] == 129 / 256
    assert at["lanes", 64] == at["lanes", 128] / 2
    assert all(at["whole product", N] < at["lanes", N] for N in range(1, 513))


def test_the_energy_bars_are_accesses_and_a_mac():
    bars = {(r["machine"], r["product"]): r for r in rows(find("pulsing-energy").table())}
    full = bars["128 x 128 array", "128x128x128"]
    assert full["accesses"] == 3 / 128
    assert full["E"] == pytest.approx(16e-12)  # 3 / 128 * 640 + 1 = 15 + 1
    eight = bars["8 x 8 array", "128x128x128"]
    assert eight["accesses"] == bars["128 x 128 array", "8x128x8"]["accesses"]  # PEs that a word meets


# ---- explorers


def test_the_stepper_tells_every_cycle_of_its_run():
    A, B = np.array([[2, 4], [1, 5]]), np.array([[1, 3], [6, 2]])
    for flow in ("os", "ws", "is"):
        run = simulate(A, B, 2, 2, flow)
        told = [array_stepper(A=A, B=B, dataflow=flow, cycle=c + 1).sentence for c in range(run.cycles)]
        assert [int(re.search(r"(\d+) of 4 PEs multipl", words)[1]) for words in told] == list(run.busy)
    second = array_stepper(A=A, B=B, cycle=2).sentence
    assert "in come A 4 (row 0), A 1 (row 1), B 6 (column 0), B 3 (column 1)" in second
    assert "PE(0,0) 2 + 4 x 6 = 26" in second
    fifth = array_stepper(A=A, B=B, cycle=5).sentence
    assert "out go 31 (column 0), 13 (column 1); idle PEs hold C 26 in PE(1,0), C 14 in PE(1,1)" in fifth
    preload = array_stepper(A=A, B=B, dataflow="ws", cycle=2).sentence
    assert "idle PEs hold B 1 in PE(0,0), B 3 in PE(0,1), B 6 in PE(1,0), B 2 in PE(1,1)" in preload


def test_the_stepper_shows_registers_and_queues():
    explorer = array_stepper(A=[[2, 4], [1, 5]], B=[[1, 3], [6, 2]], cycle=1)
    shown = explorer.artists
    assert [one.get_text() for one in (shown.A[0], shown.B[0], shown.C[0])] == ["A 2", "B 1", "C 2"]
    assert shown.A[1].get_text() == ""
    assert shown.left[0].get_text().split() == ["·", "·", "4"]  # the 4 is next
    assert shown.above[1].get_text().split() == ["·", "2", "3"]
    assert [cell.get_visible() for cell in shown.cells[:3]] == [True, True, False]


def test_the_stepper_tells_each_register_of_a_reader_who_sees_none():
    """From the sentence alone, every value that a register holds can be had."""
    A, B = np.array([[2, 4], [1, 5]]), np.array([[1, 3], [6, 2]])
    for flow in ("os", "ws", "is"):
        for state in simulate(A, B, 2, 2, flow, states=True).states:
            said = array_stepper(A=A, B=B, dataflow=flow, cycle=state.cycle).sentence
            for i, j in np.argwhere(~state.busy):
                for name in "ABC":
                    if state.present[name][i, j]:
                        assert f"{name} {state.values[name][i, j]} in PE({i},{j})" in said
            for i, j in np.argwhere(state.busy):
                a, b, c = (state.values[name][i, j] for name in "ABC")
                assert f"PE({i},{j}) {c - a * b} + {a} x {b} = {c}" in said


def test_the_cycle_control_ends_where_the_run_ends():
    assert array_stepper(cycle=20).values["cycle"] == 6  # 2 + 2 + 2 - 2 to compute, 2 to unload
    assert "The run ends with C = " in array_stepper(cycle=6).sentence
    explorer = array_stepper(M=4, cycle=12)
    explorer._repr_mimebundle_()
    box, slider = explorer._panel.rows["cycle"].widget.children[:2]
    assert box.max == slider.max == 12  # two tiles
    explorer.set(M=2)
    assert box.max == slider.max == box.value == explorer.values["cycle"] == 6


@pytest.mark.parametrize(
    ("matrices", "words"),
    [
        ({"A": [[1]]}, "give A and B together"),
        ({"A": [[1, 2]], "B": [[1, 2]]}, "A must be"),
        ({"A": np.ones((7, 1)), "B": np.ones((1, 1))}, "at most 6 x 6"),
        ({"A": [1], "B": [[1]]}, "must be matrices"),
    ],
)
def test_matrices_that_do_not_fit_are_told(matrices, words):
    with pytest.raises(ValueError, match=words):
        array_stepper(**matrices)


def test_the_fringe_explorer_compares_with_the_next_multiple():
    """Another 127 columns cost the way to the far corner and nothing else: 127 cycles for each fold of K."""
    assert cycles(4096, 128, 256, 128, 128, "ws") - cycles(4096, 128, 129, 128, 128, "ws") == 127
    assert "N = 256 would do 1.98 times the work" in fringe_explorer(N=129).sentence
    assert fringe_explorer(N=256).sentence.endswith("N fills its tiles")
    there = fringe_explorer(dataflow="is")  # N streams: 32 tiles of M, a cycle each
    assert np.isnan(edges.lanes(129, 128, "is"))
    assert there.sentence.endswith("N streams and lies on no lane: one column more costs 32 cycles, one for each tile")
    assert cycles(4096, 128, 130, 128, 128, "is") - cycles(4096, 128, 129, 128, 128, "is") == 32


# ---- bench


def test_the_bench_of_networks_and_the_row_without_a_peer(monkeypatch):
    monkeypatch.setattr(scalesim, "PYTHON", scalesim.ROOT / "no" / "such" / "python")
    found = arrays.array_beside_scalesim()
    assert (found["value"], found["ok"]) == (None, None)
    assert "make peers" in found["against"]
    assert arrays.network_on_array()["value"] < 0.05  # the bench holds 10 ms; tests run beside other work


def test_a_peer_that_fails_says_its_last_line(monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no module named scalesim' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(scalesim, "PYTHON", broken)
    with pytest.raises(ValueError, match="SCALE-Sim fails: no module named scalesim"):
        scalesim.scalesim_run(2, 2, 2, 2, 2, "os")
