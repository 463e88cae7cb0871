"""Measuring this machine: the statistics, the files, the roofs that follow, and a short run for real.

Times of a machine under test are anyone's guess, so what is asserted of them is only what must hold.
"""

import builtins
import dataclasses
import importlib
import io
import json
import math
import os
import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from labcore import cli, report
from labcore.bench import measured as bench
from labcore.bench.rows import median_time
from labcore.bench.rows import row as bench_row
from labcore.book import private_jupyter
from labcore.house import checkout
from labcore.measure import compute, files, gpu, load, machine, memory, operations, recorded, session, timing
from labcore.measure.kernels import ARRAYS, LINE, kernels, side_by_side
from labcore.measure.rows import Bandwidth, Latency, Placed, Throughput
from labcore.measure.tables import Measured, Roofs
from labcore.ops import elementwise, layernorm, matmul, softmax
from labcore.plots.measured import placed_data
from labcore.plots.staircase import latency_data, staircase_data
from labcore.plots.words import rows
from labcore.units import format_si

GB = 1e9
ABOUT = {"cpu": "Slide Rule 3000", "threads": 2, "usable_cores": 2, "cores": 2, "date": "2026-01-01", "load": 0.0,
         "on_battery": None, "caches": [{"level": 1, "bytes": 2**15, "cores": 1}]}  # fmt: skip


def reach(kernel, size, BW, threads=2):
    return Bandwidth(kernel, threads, size, BW, 0.99 * BW, 1.01 * BW, 5)


def invented():
    """A machine of round numbers: 100 GFLOP/s; 100 GB/s in 1 MiB, 10 GB/s in 64 MiB; one thread does half."""
    rows = [reach(k, size, BW * n / 2, n) for k in ARRAYS for n in (1, 2)
            for size, BW in ((2**20, 100 * GB), (2**26, 10 * GB))]  # fmt: skip
    rows += [Latency(2**20, 5e-9, 4.9e-9, 5.1e-9, 5), Latency(2**26, 1e-7, 0.99e-7, 1.01e-7, 5)]
    rows += [
        Throughput("fp32", side, n, "BLAS", R * n, 0.99 * R * n, 1.01 * R * n, 5)
        for n in (1, 2)
        for side, R in ((256, 4e10), (512, 5e10))
    ]
    norm, dense = layernorm(2**14, 768, 4), matmul(512, 4096, 4096, 4)
    for group, op, T in (("layernorm", norm, 0.02), ("dense", dense, 0.2)):
        rows.append(Placed(group, "x", "fp32", 2, op.flop, op.D_vol, op.D_vol, T, 0.99 * T, 1.01 * T, 5))
    return Measured(ABOUT, Roofs.of(rows))


@pytest.fixture(autouse=True)
def no_file_of_the_readers(monkeypatch):
    monkeypatch.setenv(files.VARIABLE, str(files.recorded_path()))


@pytest.fixture(scope="module")
def real():
    """This machine, measured for some seconds."""
    return session.measure(quick=True)


# ---- statistics


def test_median_and_quartiles_are_those_of_the_passes():
    """Samples of 4, 1, 2, 3, 5 ms: quartiles 2, 3, 4. The warm-up and two tries come first and do not count."""
    spent = iter([0.009, 0.009, 0.009, 0.004, 0.001, 0.002, 0.003, 0.005])
    found = timing.timed(lambda passes: None, repeats=5, T_least=0.0005, elapsed=lambda run, passes: next(spent))
    assert (found.T_low, found.T, found.T_high) == (0.002, 0.003, 0.004)


@given(st.floats(1e-9, 1.0), st.integers(1, 9))
def test_samples_last_long_enough_for_any_speed(T, repeats):
    taken = []
    timing.timed(taken.append, repeats, 0.01, elapsed=lambda run, passes: run(passes) or T * passes)
    assert T * taken[-1] >= 0.01
    assert T * taken[-1] <= max(T, 0.13)  # at most ten times too long, a fifth on top


def test_one_disturbed_try_does_not_end_the_search():
    """The first try of one pass takes a second by accident; a pass takes a microsecond."""
    spent = iter([1e-6, 1.0])
    found = timing.timed(lambda passes: None, 3, 0.01, elapsed=lambda run, passes: next(spent, 1e-6 * passes))
    assert pytest.approx(1e-6) == found.T


def test_long_samples_are_fewer_and_say_so():
    assert timing.timed(lambda passes: None, 9, 0.01, elapsed=lambda run, passes: 0.09 * passes).repeats == 4
    assert timing.timed(lambda passes: None, 9, 0.01, elapsed=lambda run, passes: 5.0 * passes).repeats == 3
    assert timing.timed(lambda passes: None, 1, 0.01, elapsed=lambda run, passes: 5.0 * passes).repeats == 1


def test_a_clock_that_stands_still_ends_in_a_time_all_the_same():
    assert timing.timed(lambda passes: None, 3, 0.01, elapsed=lambda run, passes: 0.0).T > 0


@given(st.floats(1e-6, 10), st.floats(1, 3), st.floats(1, 3), st.floats(1, 1e12))
def test_rates_keep_their_order(T, up, down, work):
    rate, low, high = timing.Timing(T, T / down, T * up, 5).rates(work)
    assert low <= rate <= high
    assert rate * T == pytest.approx(work)


@pytest.mark.parametrize("repeats", [0, -1, 2.5, True])
def test_repeats_are_counted(repeats):
    with pytest.raises(ValueError, match="repeats must be a whole number of at least 1"):
        timing.timed(lambda passes: None, repeats)


# ---- kernels: they do the work that is counted


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_kernels_touch_every_element_once(threads):
    b, c = np.arange(300.0), np.ones(300)
    for name, wanted in {"copy": b, "triad": b + 3 * c, "write": np.full(300, 4.0)}.items():
        a = np.zeros(300)
        side_by_side(getattr(kernels(), name), threads, (a, b, c), 5)
        assert a.tolist() == wanted.tolist(), name
    assert kernels().read(b, b, b, 2) == 2 * b.sum()  # whole numbers: exact in any order


@pytest.mark.parametrize("lines", [2, 3, 64, 1000])
def test_the_chase_is_one_ring_through_every_line(lines):
    stride = LINE // 8
    following = np.zeros(lines * stride, np.int64)
    kernels().link(following, lines, stride)
    at, seen = 0, set()
    for _ in range(lines):
        seen.add(at)
        at = following[at]
    assert at == 0
    assert seen == {k * stride for k in range(lines)}
    assert kernels().chase(following, 0, lines) == 0
    assert kernels().chase(following, kernels().chase(following, 0, lines - 1), 1) == 0
    assert kernels().chase(following, 0, lines - 1) != 0


def test_a_walk_goes_on_where_the_last_one_ended(monkeypatch):
    """From the start again, the lines of the last walk would lie in a cache, however large the set."""
    walks = []

    def chase(following, at, steps):
        walks.append((at, at + steps))
        return at + steps

    monkeypatch.setattr(memory, "kernels", lambda: type("", (), {"chase": chase, "link": lambda *ring: None}))
    memory.latency(2**20, np.zeros(2**17), repeats=3, T_least=1e-9)
    assert len(walks) > 3
    assert all(last[1] == following[0] for last, following in pairwise(walks))


def test_operations_compute_what_they_are_counted_as():
    x = np.random.default_rng(0).normal(size=(64, 96)).astype(np.float32)
    wide = x.astype(np.float64)
    centred = wide - wide.mean(1, keepdims=True)
    normed, soft = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5), np.exp(wide)
    soft /= soft.sum(1, keepdims=True)
    made = {kernels().layernorm: normed, operations.numpy_layernorm: normed, kernels().softmax: soft,
            operations.numpy_softmax: soft, kernels().scale4: 1.5**4 * wide}  # fmt: skip
    for call, wanted in made.items():
        y = np.empty_like(x)
        side_by_side(call, 2, (x, y))
        np.testing.assert_allclose(y, wanted, rtol=2e-4, atol=2e-5)


def test_a_chain_of_kernels_gives_what_the_fused_one_gives():
    four, fused = (next(c for c in operations.cases(quick=True) if c.name == name) for name in ("4 kernels", "1 fused"))
    assert four.times * four.op.flop == fused.op.flop
    assert four.times * four.op.D_vol == 4 * fused.op.D_vol
    x, y = np.full((4, 8), 2.0, np.float32), np.empty((4, 8), np.float32)
    for pair in ((x, y), (y, x), (x, y), (y, x)):
        kernels().scale(*pair)
    assert x.tolist() == np.full((4, 8), 2 * 1.5**4).tolist()


def test_working_sets_are_shared_out_in_whole_lines():
    buffer = np.zeros(2**16)
    for kernel, arrays in ARRAYS.items():
        for threads in (1, 2, 3):
            row = memory.bandwidth(kernel, 50_000, threads, buffer, repeats=1, T_least=1e-5)
            assert row.working_set % (arrays * threads * LINE) == 0
            assert 0.9 * 50_000 <= row.working_set <= 50_000
    assert memory.working_sets(2**14, 2**16) == [16384, 23170, 32768, 46341, 65536]


@pytest.mark.parametrize(("kernel", "bytes_each"), [("read", 8), ("write", 8), ("copy", 16), ("triad", 24)])
def test_bytes_are_counted_as_stream_counts_them(kernel, bytes_each, monkeypatch):
    """One pass in one second: n elements are 8, 8, 16 or 24 n B/s, no write-allocate among them."""
    lengths = []
    monkeypatch.setattr(memory, "side_by_side", lambda call, threads, arrays, passes: lengths.append(len(arrays[0])))
    monkeypatch.setattr(memory, "timed", lambda run, *how: run(1) or timing.Timing(1.0, 1.0, 1.0, 1))
    row = memory.bandwidth(kernel, 48_000, 2, np.zeros(6_000))
    assert row.BW == row.working_set == bytes_each * lengths[0]


def once(run, *how):
    """In place of `timed`: one pass, which takes a second."""
    run(1)
    return timing.Timing(1.0, 1.0, 1.0, 1)


def test_a_product_is_counted_as_two_operations_a_mac(monkeypatch):
    """24 x 24 x 24 multiply-accumulates in one second."""
    monkeypatch.setattr(compute, "timed", once)
    assert compute.throughput("fp32", 24, 1).R == 2 * 24**3


def test_a_latency_is_the_time_of_one_load(monkeypatch):
    loads = []

    def chase(following, at, steps):
        loads.append(steps)
        return at

    monkeypatch.setattr(memory, "kernels", lambda: type("", (), {"chase": chase, "link": lambda *ring: None}))
    monkeypatch.setattr(memory, "timed", once)
    row = memory.latency(2**20, np.zeros(2**17))
    assert (loads[0], row.L_lat) == (2**20 // LINE, 1 / loads[1])  # a round that warms up, then one pass


def test_an_operation_is_counted_as_often_as_it_runs(monkeypatch):
    """A chain of four over 512 x 768: 4 FLOP an element, and 8 bytes in each of four trips; in one trip, fused."""
    monkeypatch.setattr(operations, "timed", once)
    placed = {c.name: c.place(1, 1, 1e-3) for c in operations.cases(quick=True) if c.group == "chain"}
    n = 512 * 768
    assert (placed["4 kernels"].flop, placed["4 kernels"].D_vol) == (4 * n, 4 * 8 * n)
    assert (placed["1 fused"].flop, placed["1 fused"].D_vol) == (4 * n, 8 * n)
    assert placed["4 kernels"].working_set == placed["1 fused"].working_set == 8 * n
    assert placed["4 kernels"].T == 1.0


@pytest.mark.parametrize(("quick", "width"), [(True, 512), (False, 4096)])
def test_a_dense_layer_is_as_wide_as_it_is_deep(quick, width):
    for case in operations.cases(quick):
        if case.group == "dense":
            batch = int(case.name.removeprefix("batch "))
            assert case.op.flop == 2 * batch * width**2
            assert case.op.D_vol == 4 * (width**2 + 2 * batch * width)


def test_layernorm_counts_the_bytes_that_it_moves():
    """Rows in and rows out; the kernel has no scale and no bias to read."""
    (norm, _) = (c for c in operations.cases(quick=True) if c.group == "layernorm")
    assert norm.op.D_vol == 2 * 4 * 512 * 768


def test_a_buffer_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="triad over 6144 B needs a buffer of that size, got 800 B"):
        memory.bandwidth("triad", 6144, 1, np.zeros(100))


# ---- roofs


def test_bandwidth_is_read_off_between_the_sizes():
    """8 MiB is halfway from 1 to 64 MiB in logarithms, and sqrt(100 * 10) = 31.6."""
    host = invented().host
    assert host.BW() == pytest.approx(10 * GB)
    assert host.BW(1) == pytest.approx(100 * GB)
    assert host.BW(2**23) == pytest.approx(math.sqrt(1000) * GB)
    assert host.BW(threads=1) == pytest.approx(5 * GB)
    assert host.ridge("fp32") == pytest.approx(10)


def test_predictions_are_the_rooflines():
    """LayerNorm: 100.7 MB at 10 GB/s; dense, batch 512: 17.2 GFLOP at 100 GFLOP/s."""
    norm, dense = invented().host.operations
    D_vol = 2 * 4 * 2**14 * 768 + 2 * 4 * 768
    assert norm.predicted == pytest.approx(D_vol / (10 * GB))
    assert norm.error == pytest.approx(0.02 * 10 * GB / D_vol - 1)
    assert dense.predicted == pytest.approx(2 * 512 * 4096**2 / 100e9)


def test_an_operation_sets_no_roof():
    """A dense layer of 17.2 GFLOP in 0.1 s under a roof of 100 GFLOP/s: 0.17 s predicted, and 42 % less taken."""
    host = invented().host
    early = dataclasses.replace(host.operations[1], T=0.1, low=0.1, high=0.1)
    roofs = Roofs.of([*host.bandwidth, *host.compute, early])
    flop = 2 * 512 * 4096**2
    assert roofs.R_peak("fp32") == 100e9
    assert roofs.operations[0].predicted == pytest.approx(flop / 100e9)
    assert roofs.operations[0].error == pytest.approx(0.1 / (flop / 100e9) - 1)
    (told,) = machine.doubts(ABOUT, roofs, held=True)
    assert told.startswith("1 operation beat the roof, dense, x by 42%: the roof was measured while the machine was")


def slow_together():
    """The invented machine with two threads in each other's way: 30 GFLOP/s and 1 to 10 GB/s; one does 50 and 5."""
    host = invented().host
    compute_rows = tuple(dataclasses.replace(r, R=3e10) if r.threads == 2 else r for r in host.compute)
    bandwidth = tuple(reach(r.kernel, r.working_set, r.BW / 10) if r.threads == 2 else r for r in host.bandwidth)
    return dataclasses.replace(host, bandwidth=bandwidth, compute=compute_rows).with_predictions()


def test_the_roof_of_all_threads_is_no_lower_than_that_of_one():
    roofs = slow_together()
    assert (roofs.R_peak("fp32"), roofs.R_peak("fp32", threads=1)) == (5e10, 5e10)
    assert (roofs.BW(), roofs.BW(threads=1), roofs.BW_near) == pytest.approx((5 * GB, 5 * GB, 50 * GB))
    assert roofs.operations[1].predicted == pytest.approx(2 * 512 * 4096**2 / 5e10)
    assert list(machine.doubts(ABOUT, roofs, held=True))[:2] == [
        "fp32 was slower on 2 threads than on 1, 30 GFLOP/s against 50 GFLOP/s; the roof is the faster",
        "DRAM was slower on 2 threads than on 1, 1 GB/s against 5 GB/s; the roof is the faster",
    ]


@pytest.mark.parametrize("roofs", [invented().host, slow_together()], ids=("at rest", "slow together"))
def test_the_roofs_printed_are_the_roofs_used(roofs):
    cells = [list(column.cells) for column in report.roofs_table(roofs, "x").columns]
    printed = {(what, how): median for what, how, median, _ in zip(*cells, strict=True)}
    row = roofs.product("fp32")
    how = f"BLAS, n = 512, {row.threads} thread{'s' * (row.threads > 1)}"
    assert printed["peak fp32", how] == format_si(roofs.R_peak("fp32"), "FLOP/s", 3)
    assert sum(what == "peak fp32" for what, _ in printed) == len({roofs.product("fp32", n) for n in (1, 2)})
    assert all(float(median.split()[0]) >= 50 for (what, _), median in printed.items() if what == "peak fp32")
    (slope,) = (median for (what, _), median in printed.items() if what == "slope from DRAM")
    assert slope == format_si(roofs.BW(), "B/s", 3)
    large = roofs.operations[1]  # compute-bound
    assert large.flop / large.predicted == pytest.approx(roofs.R_peak("fp32"))


def test_the_kernel_that_sets_the_slope_is_named():
    """`copy` twice as fast as the others in DRAM; half a thread's worth in the cache."""
    one = invented()
    rows_of_it = [dataclasses.replace(r, BW=20 * GB, high=21 * GB) if (r.kernel, r.threads, r.working_set) ==
                  ("copy", 2, 2**26) else r for r in one.host.bandwidth]  # fmt: skip
    host = dataclasses.replace(one.host, bandwidth=tuple(rows_of_it))
    BW, row = host.slope()
    assert (pytest.approx(20 * GB), "copy", 2, 2**26) == (BW, row.kernel, row.threads, row.working_set)
    assert "20 GB/s DRAM (copy)" in repr(dataclasses.replace(one, host=host))
    cells = [list(column.cells) for column in report.roofs_table(host, "x").columns]
    assert "the best: copy, 64 MiB, 2 threads" in cells[1]


def test_a_precision_of_one_size_is_not_called_a_peak():
    host = invented().host
    half = Throughput("fp16", 512, 1, compute.NO_BLAS, 4e8, 3.9e8, 4.1e8, 3)
    what = list(report.roofs_table(dataclasses.replace(host, compute=(*host.compute, half)), "x").columns[0].cells)
    assert "fp16, this size only" in what
    assert "peak fp16" not in what


def test_what_was_not_measured_is_named():
    host = invented().host
    with pytest.raises(ValueError, match="no product in fp8 on 2 threads was measured; there are fp32 on 1, fp32 on 2"):
        host.R_peak("fp8")
    with pytest.raises(
        ValueError, match="no bandwidth of scale on 2 threads was measured; there are copy on 1, copy on"
    ):
        host.staircase("scale")
    with pytest.raises(ValueError, match="no dense 'batch 3' was measured; there are x"):
        host.find("dense", "batch 3")


# ---- files


def test_a_file_gives_back_what_was_written():
    one = invented()
    assert files.from_text(files.as_text(one)).machine == one.machine
    again = files.from_text(files.as_text(files.from_text(files.as_text(one))))
    assert again == files.from_text(files.as_text(one))  # five digits once, then the same for ever
    assert json.loads(files.as_text(one)) == files.as_object(one)


LINES = st.text(st.characters(exclude_characters="$"), max_size=20).map(lambda words: f"x{words}")


@given(st.floats(1e-12, 1e15), st.integers(1, 2**40), LINES.filter(str.isprintable))
def test_any_row_survives_the_file(value, size, name):
    one = dataclasses.replace(invented(), machine=ABOUT | {"cpu": name})
    more = reach("read", size, value)
    one = dataclasses.replace(one, host=dataclasses.replace(one.host, bandwidth=(more, *one.host.bandwidth)))
    found = files.from_text(files.as_text(one))
    assert found.machine["cpu"] == name
    assert found.host.bandwidth[0].working_set == size
    assert pytest.approx(value, rel=1e-4) == found.host.bandwidth[0].BW


def test_predictions_follow_from_the_rows_of_the_file():
    """Whatever a file says was predicted, the roofs that are shown decide."""
    whole = json.loads(files.as_text(invented()))
    whole["host"]["operations"][0]["predicted"] = 1.0
    assert files.from_text(json.dumps(whole)).host.operations[0].predicted == pytest.approx(0.01007, rel=1e-3)


def test_a_mark_of_byte_order_is_passed_over(tmp_path):
    (mine := tmp_path / "mine.json").write_bytes(b"\xef\xbb\xbf" + files.as_text(invented()).encode())
    assert files.read(mine).machine == ABOUT


def test_a_file_says_nothing_of_where_it_was_made(real):
    text = files.as_text(real) + files.recorded_path().read_text()
    for private in (os.uname().nodename, str(Path.home()), str(files.ROOT), "/tmp", "filepath"):
        assert len(private) < 3 or private not in text


def spoiled(**parts):
    return json.dumps(json.loads(files.as_text(invented())) | parts)


def spoiled_row(table="bandwidth", **values):
    whole = json.loads(files.as_text(invented()))
    whole["host"][table][0] |= values
    return json.dumps(whole)


def without_rows(table, **like):
    """The file with the rows of a table left out that are like this; all of them when nothing is said."""
    whole = json.loads(files.as_text(invented()))
    whole["host"][table] = [r for r in whole["host"][table] if not all(r[name] == like[name] for name in like)]
    return json.dumps(whole)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is not JSON"),
        (files.as_text(invented())[:400], "it is not JSON"),
        ("[" * 100_000, "a part is missing or of another kind|it is not JSON"),
        ("[1, 2]", "it is no file of `labcore measure`"),
        ('{"format": "roofline"}', "it is no file of `labcore measure`"),
        (spoiled(version=0), "it is of version 0 and this labcore reads version 1"),
        (spoiled(host=None), "a part is missing or of another kind: TypeError"),
        (spoiled(host={}), "a part is missing or of another kind: KeyError 'bandwidth'"),
        (spoiled(machine={"cpu": "x", "date": "2026"}), "it does not say the machine's threads"),
        (spoiled(machine=ABOUT | {"caches": [{"level": 1}]}), "its machine has caches"),
        (spoiled(machine=ABOUT | {"threads": "two"}), "its machine has threads = 'two'"),
        (spoiled(warnings=7), "its warnings are no list of lines: 7"),
        (spoiled(warnings="noisy"), "its warnings are no list of lines: 'noisy'"),
        (spoiled(machine=ABOUT | {"threads": -3}), "its machine has threads = -3"),
        (spoiled(machine=ABOUT | {"threads": 64}), "its machine has threads = 64 and its rows go up to 2"),
        (spoiled(machine=ABOUT | {"threads": True}), "its machine has threads = True"),
        (spoiled(machine=ABOUT | {"cpu": ""}), "its machine has cpu = ''"),
        (spoiled(machine=ABOUT | {"cpu": "costs $5"}), "its machine has cpu = 'costs"),
        (spoiled(machine=ABOUT | {"memory": math.nan}), "it holds NaN, which is no number"),
        (spoiled(machine=ABOUT | {"memory": "much"}), "its machine has memory = 'much'"),
        (spoiled(device=json.loads(files.as_text(invented()))["host"]), "it does not say the machine's gpu"),
        (without_rows("latency"), "it has no latency at two sizes"),
        (without_rows("latency", working_set=2**20), "it has no latency at two sizes"),
        (without_rows("bandwidth", kernel="read"), "it has no bandwidth of read on threads = 1"),
        (without_rows("bandwidth", kernel="read", threads=1), "it has no bandwidth of read on threads = 1"),
        (
            without_rows("bandwidth", kernel="triad", threads=2),
            "it has no bandwidth of triad on threads = 2|no bandwid",
        ),
        (without_rows("compute", precision="fp32"), "its table compute is empty"),
        (without_rows("operations", threads=2), "its table operations is empty"),
        (spoiled_row("compute", precision="fp64"), None),
        (spoiled_row("operations", threads=1), None),
        (spoiled_row("operations", precision="fp8"), "no product in fp8 on 2 threads was measured"),
        (spoiled_row(threads=1.5), r"Bandwidth has threads = 1\.5"),
        (spoiled_row(working_set=10**400), "Bandwidth has working_set = 1000"),
        (spoiled_row("operations", T=1e200), r"Placed has T = 1e\+200"),
        (spoiled_row(BW=-1.0), r"Bandwidth has BW = -1\.0"),
        (spoiled_row(BW="fast"), "Bandwidth has BW = 'fast'"),
        (spoiled_row(BW=math.nan), "it holds NaN, which is no number"),
        (spoiled_row(kernel=7), "Bandwidth has kernel = 7"),
        (spoiled_row(colour="red"), "a part is missing or of another kind: TypeError"),
    ],
    ids=range(39),
)
def test_a_spoiled_file_is_passed_over_in_one_line(text, words, tmp_path, monkeypatch):
    if words is None:  # still a whole measurement
        assert files.from_text(text).host
        return
    with pytest.raises(ValueError, match=words):
        files.from_text(text)
    (mine := tmp_path / "mine.json").write_text(text)
    monkeypatch.setenv(files.VARIABLE, str(mine))
    found = load()
    assert found == recorded()
    assert "\n" not in found.trouble
    assert found.trouble.startswith("mine.json cannot be used (")
    assert "`labcore measure` makes it anew" in repr(found).splitlines()[0]


def test_a_table_without_rows_is_no_measurement():
    whole = json.loads(files.as_text(invented()))
    whole["host"]["compute"] = []
    with pytest.raises(ValueError, match="its table compute is empty"):
        files.from_text(json.dumps(whole))


def test_which_file_is_used(tmp_path, monkeypatch):
    """The one that the variable names, else the reader's own, else the recorded one; each says which it is."""
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.delenv(files.VARIABLE)
    assert load().origin == "recorded with the labs"
    (tmp_path / "my").mkdir()
    (tmp_path / files.OWN).write_text(files.as_text(invented()))
    assert (load().machine["cpu"], load().origin) == ("Slide Rule 3000", "my/measured.json")
    (tmp_path / "other.json").write_text(files.as_text(dataclasses.replace(invented(), machine=ABOUT | {"cpu": "B"})))
    monkeypatch.setenv(files.VARIABLE, str(tmp_path / "other.json"))
    assert (load().machine["cpu"], load().origin) == ("B", "other.json")
    monkeypatch.setenv(files.VARIABLE, str(tmp_path / "gone.json"))
    assert load().trouble.startswith("gone.json cannot be used (No such file or directory)")
    monkeypatch.setenv(files.VARIABLE, str(tmp_path))
    assert "Is a directory" in load().trouble


def test_labs_are_built_with_the_recorded_file():
    with private_jupyter() as env:
        assert env[files.VARIABLE] == str(files.recorded_path())


def test_figures_are_drawn_from_the_recorded_file(tmp_path, monkeypatch):
    (mine := tmp_path / "mine.json").write_text(files.as_text(invented()))
    monkeypatch.setenv(files.VARIABLE, str(mine))
    assert {r["machine"].split(",")[0] for r in rows(placed_data())} == {recorded().machine["cpu"]}
    for table in (staircase_data(load()), latency_data(load())):
        assert {r["machine"].split(",")[0] for r in rows(table)} == {"Slide Rule 3000"}


def test_the_recorded_file_is_of_today_s_rows():
    """What is stored beside each operation is what its roofs predict; 1e-4 for the five digits."""
    host = recorded().host
    for op in host.operations:
        assert op.predicted == pytest.approx(host.least_time(op), rel=2e-3)
    flop = {op.group: op.flop / op.D_vol for op in host.operations if op.name != "n = 32"}
    assert flop["softmax"] == pytest.approx(softmax(32 * 512, 768, 4).I)
    assert flop["chain"] == pytest.approx(elementwise(10, 4, bytes_per_element=4).I)


# ---- a machine that is not at rest


def test_a_quiet_machine_raises_no_doubt():
    assert list(machine.doubts(ABOUT, invented().host, held=True)) == []


def test_load_battery_threads_and_spread_are_told():
    wide = tuple(dataclasses.replace(row, low=0.5 * row.BW) for row in invented().host.bandwidth)
    noisy = dataclasses.replace(invented().host, bandwidth=wide)
    about = ABOUT | {"load": 1.8, "on_battery": True, "caches": [{"level": 3, "bytes": 2**25, "cores": 2}]}
    told = list(machine.doubts(about, noisy, held=False))
    assert told[0] == "other programs were running: load 1.8 on 2 cores before"
    assert told[1] == "running on battery: clocks may be held down"
    assert told[2].startswith("the threads of BLAS could not be set (threadpoolctl is missing")
    # 4 x 4 bandwidths from 0.5 to 1.01 of their median; 2 operations and 4 products stay quiet
    assert told[3].startswith("noisy: 16 of 22 medians have quartiles more than 10% apart, the widest 51%")
    assert told[4].startswith("the largest working set, 64 MiB, is less than 4 times the caches (32 MiB)")


def without(monkeypatch, *names):
    real_import = builtins.__import__

    def refuse(name, *rest, **how):
        if name.split(".")[0] in names:
            raise ImportError(name)
        return real_import(name, *rest, **how)

    monkeypatch.setattr(builtins, "__import__", refuse)


def test_nothing_crashes_where_helpers_are_missing(monkeypatch):
    without(monkeypatch, "threadpoolctl", "psutil", "torch")
    monkeypatch.delattr(os, "getloadavg")
    monkeypatch.delattr(os, "sched_getaffinity")
    about = machine.describe(2, "labcore measure")
    assert about["blas"] == []
    assert about["load"] is None
    assert about["on_battery"] is None
    assert gpu.device() is None
    with compute.blas_threads(1) as held:
        assert held is False
    assert any("threadpoolctl" in line for line in machine.doubts(about | {"caches": []}, invented().host, held))
    assert session.Plan().largest <= 2**30 / 8


def test_caches_and_names_are_read_from_the_system(tmp_path):
    for k, (kind, level, size, shared) in enumerate(
        [
            ("Data", 1, "32K", "0"),
            ("Instruction", 1, "32K", "0"),
            ("Unified", 2, "1M", "0-1"),
            ("Unified", 3, "odd", "0"),
        ]
    ):
        (folder := tmp_path / f"index{k}").mkdir()
        for name, value in {"type": kind, "level": level, "size": size, "shared_cpu_list": shared}.items():
            (folder / name).write_text(f"{value}\n")
    found = machine.caches(tmp_path)
    assert found == [{"level": 1, "bytes": 2**15, "cores": 1}, {"level": 2, "bytes": 2**20, "cores": 2}]
    assert machine.total_cache(found[0], cores=8) == 8 * 2**15
    assert machine.total_cache(found[1], cores=8) == 4 * 2**20
    assert machine.caches(tmp_path / "nowhere") == []
    (info := tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Slide  Rule 3000\n")
    assert machine.processor(info) == "Slide Rule 3000"
    assert machine.processor(tmp_path / "none")


# ---- for real


def test_a_short_run_obeys_physics(real):
    host = real.host
    assert set(host.kernels) == set(ARRAYS)
    A, B, C = (np.ones((256, 256), np.float32) for _ in range(3))
    with compute.blas_threads(1):  # several that other programs hold up wait for each other
        bare = 2 * 256**3 / median_time(lambda: np.matmul(A, B, out=C))
    assert bare / 10 < host.R_peak("fp32", threads=1) < 10 * bare
    x, y = np.ones(2**23), np.ones(2**23)  # 64 MiB each
    bare = 2 * x.nbytes / median_time(lambda: np.copyto(y, x))
    assert bare / 10 < host.BW(kernel="copy") < 10 * bare
    near, far = host.latency[0], host.latency[-1]
    assert far.working_set > 100 * near.working_set
    assert near.L_lat < far.L_lat  # a cache answers before memory does, whoever else is running
    for row in (*host.bandwidth, *host.compute, *host.operations):
        assert row.low <= row.high
    for name in ARRAYS:  # the best of the small sets beats the largest, even if one of them was disturbed
        stairs = host.staircase(name, 1)
        assert max(row.BW for row in stairs[:6]) > 0.8 * stairs[-1].BW
    assert real.machine["cpu"]
    assert {row.library for row in host.compute if row.precision == "fp16"} == {"numpy's own loop, no BLAS"}


def test_all_memory_and_what_is_free_of_it(monkeypatch):
    psutil = pytest.importorskip("psutil")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=8, available=3))
    assert machine.memory() == (8, 3)


def little_memory(monkeypatch):
    """A measurement where 16 MiB are free: 2 MiB may be taken. Its times are stand-ins."""
    monkeypatch.setattr(machine, "memory", lambda: (2**30, 2**24))
    for module in (memory, compute, operations):
        monkeypatch.setattr(module, "timed", lambda run, *how: timing.Timing(1e-3, 1e-3, 1e-3, 3))
    return session.measure()


def test_what_does_not_fit_is_said(monkeypatch):
    found = little_memory(monkeypatch)
    names = {f"{op.group}, {op.name}" for op in found.host.operations}
    (told,) = (line for line in found.warnings if line.startswith("little memory was free"))
    gone = [f"{c.group}, {c.name}" for c in operations.cases() if c.op.D_vol > 2**21]
    assert told == f"little memory was free: {len(gone)} operations left out ({'; '.join(gone)})"
    assert "chain, 1 fused" in gone
    assert not names & set(gone)


def test_the_lab_runs_with_a_file_from_a_machine_with_little_memory(tmp_path, monkeypatch, capsys):
    (mine := tmp_path / "mine.json").write_text(files.as_text(little_memory(monkeypatch)))
    monkeypatch.setenv(files.VARIABLE, str(mine))
    source = checkout("notebooks", "09_roofline.py").read_text()
    begin, *cells = [cell for cell in source.split("# %%") if "[markdown]" not in cell.partition("\n")[0]][1:]
    cells = [cell for cell in cells if "nbval-ignore-output" in cell.partition("\n")[0]]
    assert len(cells) == 2  # what was measured, and the chain where it is and is not in a cache
    names = {"display": print}
    for cell in (begin, *cells):
        exec(compile(cell.partition("\n")[2], "09_roofline.py", "exec"), names)
    out = capsys.readouterr().out
    assert "mine.json: " in out
    assert "warning: little memory was free" in out
    assert "no chain '1 fused' was measured; there are 1 fused, in cache, one thread" in out


def test_memory_is_bounded(monkeypatch):
    assert session.Plan().largest <= 512 * 2**20
    monkeypatch.setattr(machine, "memory", lambda: (2**30, 2**28))
    assert session.Plan().largest == 2**25  # an eighth of 256 MiB
    assert max(memory.working_sets(2**14, session.Plan().largest, 2)) <= 2**25
    fitting = sum(case.op.D_vol <= 2**25 for case in operations.cases(quick=True))
    assert len(list(operations.steps(True, 1, 2**25, 1e-3))) == fitting


def test_tables_show_predicted_beside_measured():
    one = invented()
    two = dataclasses.replace(one, device=one.host, machine=ABOUT | {"gpu": "Abacus"})
    assert len(report.measured_tables(one)) == 2
    assert len(report.measured_tables(two)) == 4
    table = report.placed_table(one.host)
    cells = {column.header: list(column.cells) for column in table.columns}
    assert cells["predicted"][0] == "10.1 ms"  # 100.7 MB at 10 GB/s
    assert cells["off by"][0] == "+99%"


def test_the_readme_shows_the_recorded_machine(monkeypatch):
    """A line of the README's block that no table of the recorded file has is stale: paste what `measure` prints."""
    monkeypatch.delenv(files.VARIABLE)
    shown = Console(width=200, file=io.StringIO(), highlight=False)
    for table in report.measured_tables(recorded()):
        shown.print(table)
    lines = {" ".join(line.split()) for line in shown.file.getvalue().splitlines()}
    lines |= {"$ labcore measure", "...", files.way_on(files.ROOT / files.OWN)}
    lines |= {f"warning: {words}" for words in recorded().warnings}
    (block,) = re.findall(r"```text\n(\$ labcore measure\n.*?)\n```", checkout("README.md").read_text(), re.DOTALL)
    assert [line for line in block.splitlines() if " ".join(line.split()) not in lines] == []


# ---- a GPU, or what stands in for one


def test_a_device_is_measured_by_the_same_code():
    torch = pytest.importorskip("torch", reason="torch is no dependency; where it is installed, its CPU stands in")
    device = gpu.Device(torch, "cpu", T_least=1e-5)
    roofs = Roofs.of(step(1) for step in gpu.steps(device, quick=True))
    assert roofs.R_peak("bf16") > 0
    assert roofs.find("attention", "fused").flop == roofs.find("attention", "eager").flop
    assert set(roofs.kernels) == set(ARRAYS)


class Vector:
    """A stand-in for a tensor: it knows its length."""

    def __init__(self, length, **how):
        self.length = length

    def sum(self):
        return 0.0

    def fill_(self, value):
        return self

    def copy_(self, source, non_blocking=False):
        assert source.length == self.length
        return self


@pytest.mark.parametrize(("kernel", "arrays"), [("read", 1), ("write", 1), ("copy", 2), ("triad", 3)])
def test_bytes_on_a_device_are_four_an_element(kernel, arrays, monkeypatch):
    """In one second: a working set of 12,288 B is 3,072 float32, shared among the arrays."""
    monkeypatch.setattr(gpu.Device, "time", lambda self, call: (call(), timing.Timing(1.0, 1.0, 1.0, 1))[1])
    made = []
    torch = SimpleNamespace(float32="f4", ones=lambda n, **how: made.append(n) or Vector(n), add=lambda *a, **how: None)
    device = gpu.Device(torch, "cpu")
    row = gpu.bandwidth(device, kernel, 12_288)
    assert set(made) == {3_072 // arrays}
    assert row.BW == row.working_set == 12_288
    assert gpu.transfer(device, 4_096, to_device=True, pinned=False).BW == 4_096
    assert made[-1] == 1_024


def test_fused_attention_asks_the_same_work_and_fewer_bytes():
    """Eager: 4 operands of (seq, dim) and 4 trips of the (seq, seq) table; fused: the 4 operands."""
    case = {c.name: c for c in gpu.gpu_operations.cases(gpu.Device(None, "cpu"), quick=False) if c.group == "attention"}
    heads, seq, dim = 8 * 16, 2048, 64
    assert case["eager"].flop == case["fused"].flop == heads * (4 * seq * seq * dim + 3 * seq * seq)
    assert case["fused"].D_vol == 2 * heads * 4 * seq * dim
    assert case["eager"].D_vol - case["fused"].D_vol == 2 * heads * 4 * seq * seq
    assert case["fused"].working_set == case["fused"].D_vol
    assert case["eager"].working_set == 2 * heads * (4 * seq * dim + 2 * seq * seq)  # the table before and after


def test_rows_are_normalized_over_768_features():
    """32 x 512 rows in and out, in two bytes; layer normalization also reads a scale and a shift for each feature."""
    case = {c.group: c for c in gpu.gpu_operations.cases(gpu.Device(None, "cpu"), quick=False)}
    assert case["softmax"].D_vol == 2 * 2 * 32 * 512 * 768
    assert case["layernorm"].D_vol == 2 * (2 * 32 * 512 * 768 + 2 * 768)


class Events:
    """A stand-in for torch.cuda whose events tell 3 ms for whatever lies between them."""

    def __init__(self):
        self.calls = []

    def synchronize(self):
        self.calls.append("wait")

    def Event(self, enable_timing):
        assert enable_timing
        events = self.calls

        class Event:
            def record(self):
                events.append("mark")

            def elapsed_time(self, end):
                return 3.0

        return Event()


def test_device_times_are_those_of_its_events_in_seconds():
    cuda = Events()
    device = gpu.Device(type("torch", (), {"cuda": cuda}), "cuda")
    assert device.elapsed(lambda passes: cuda.calls.append("work"), 1) == 0.003
    assert cuda.calls == ["wait", "mark", "work", "mark", "wait"]


# ---- the command


def labcore(monkeypatch, capsys, *arguments):
    """Exit status, stdout and stderr of the command, run in this process."""
    monkeypatch.setattr(sys, "argv", ["labcore", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code, *capsys.readouterr()


@pytest.fixture
def stubbed(monkeypatch):
    """The command with a machine of round numbers in place of this one."""
    asked = []
    monkeypatch.setattr(session, "measure", lambda quick, progress: asked.append(quick) or invented())
    return asked


def test_json_to_stdout_is_json_and_nothing_else(stubbed, monkeypatch, capsys):
    status, out, err = labcore(monkeypatch, capsys, "measure", "--quick", "--json", "-")
    assert (status, err, stubbed) == (0, "", [True])
    assert files.from_text(out).machine == ABOUT


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--json", "no/such/m.json"], "--json no/such/m.json is in no folder that exists; name a file"),
        (["--json", checkout("tests")], "tests is a folder; name a file"),
        (["--json="], "--json needs the name of a file, or - for stdout, got ''"),
        (["--json"], "Option '--json' requires an argument"),
        (["--slow"], "No such option: --slow"),
        (["m.json"], "unexpected extra argument"),
    ],
    ids=("no folder", "folder", "empty", "no file", "option", "argument"),
)
def test_bad_input_is_one_line_before_anything_is_measured(arguments, words, stubbed, monkeypatch, capsys):
    status, out, err = labcore(monkeypatch, capsys, "measure", *arguments)
    assert (status, out, stubbed) == (2, "", [])
    assert err.count("\n") == 1
    assert words in err


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path, monkeypatch, capsys):
    (mine := tmp_path / "measured.json").write_text("mine")
    monkeypatch.setattr(session, "measure", lambda quick, progress: (_ for _ in ()).throw(KeyboardInterrupt))
    status, _, err = labcore(monkeypatch, capsys, "measure", "--json", mine)
    assert (status, err) == (130, "labcore: stopped; what was written before is kept\n")
    assert mine.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["measured.json"]


def test_what_cannot_be_written_is_refused_before_anything_is_measured(stubbed, tmp_path, monkeypatch, capsys):
    (there := tmp_path / "there.json").write_text("mine")
    (tmp_path / "link.json").symlink_to(there)
    os.mkfifo(tmp_path / "pipe.json")
    (kept := tmp_path / "kept.json").write_text("mine")
    kept.chmod(0o444)
    before = sorted(tmp_path.iterdir())
    for name, words in {
        "link": "is a link, which would be",
        "pipe": "is no plain file",
        "kept": "is read-only",
    }.items():
        status, out, err = labcore(monkeypatch, capsys, "measure", "--json", tmp_path / f"{name}.json")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert f"{name}.json {words}" in err
    name = "x" * 250 + ".json"  # 255 letters are the most, and the part file needs more
    assert labcore(monkeypatch, capsys, "measure", "--json", tmp_path / name)[0] == 2
    assert stubbed == []
    assert sorted(tmp_path.iterdir()) == before
    assert there.read_text() == kept.read_text() == "mine"


def test_a_target_that_fails_is_named_and_not_its_part(tmp_path, monkeypatch, capsys):
    """Before measuring, by a folder that takes no file; after, by a disk that is full."""

    def refuse(*path, **how):
        raise OSError(28, "No space left on device", ".part.1")

    monkeypatch.setattr(session, "measure", lambda quick, progress: invented())
    monkeypatch.setattr(files, "write_atomically", refuse)
    status, _, err = labcore(monkeypatch, capsys, "measure", "--json", tmp_path / "m.json")
    assert (status, "m.json could not be written (No space left on device)" in err, ".part" in err) == (2, True, False)
    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr(session, "measure", refuse)
    status, _, err = labcore(monkeypatch, capsys, "measure", "--json", tmp_path / "m.json")
    assert (status, "m.json cannot be written (No space left on device)" in err, ".part" in err) == (2, True, False)


def test_a_file_that_is_replaced_keeps_its_mode(stubbed, tmp_path, monkeypatch, capsys):
    (mine := tmp_path / "m.json").write_text("old")
    mine.chmod(0o640)
    assert labcore(monkeypatch, capsys, "measure", "--json", mine)[0] == 0
    assert mine.stat().st_mode & 0o777 == 0o640


def test_a_quick_run_leaves_a_full_measurement_alone(tmp_path, monkeypatch, capsys):
    """It is kept where none lies, a quick one or one that cannot be used; a full run replaces any."""
    monkeypatch.delenv(files.VARIABLE)
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(files, "my_folder", lambda: tmp_path / "my")
    (mine := tmp_path / files.OWN).parent.mkdir()

    def measured(quick, progress=iter):
        return dataclasses.replace(invented(), machine=ABOUT | {"command": "labcore measure" + " --quick" * quick})

    monkeypatch.setattr(session, "measure", measured)
    for before in (None, "not JSON", files.as_text(measured(True))):
        if before is not None:
            mine.write_text(before)
        assert "wrote my/measured.json" in labcore(monkeypatch, capsys, "measure", "--quick")[1]
        assert load().quick
    assert "wrote my/measured.json" in labcore(monkeypatch, capsys, "measure")[1]
    status, out, _ = labcore(monkeypatch, capsys, "measure", "--quick")
    assert (status, load().quick) == (0, False)
    assert out.splitlines()[-1] == (
        "not written: my/measured.json holds a full measurement and stays as it is; "
        "`labcore measure --quick --json FILE` keeps a quick one"
    )


def test_a_quick_measurement_says_so():
    quick = dataclasses.replace(invented(), machine=ABOUT | {"command": "labcore measure --quick"})
    assert repr(quick).startswith("Slide Rule 3000, 2 threads, 2026-01-01, quick: 100 GFLOP/s fp32")
    assert placed_data(quick)["machine"][0] == "Slide Rule 3000, 2 threads, 2026-01-01, quick"
    assert "quick" in report.measured_tables(quick)[0].title
    assert "quick" not in repr(invented()) + report.measured_tables(invented())[0].title


def test_the_last_line_says_which_file_the_labs_will_use(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ROOT", tmp_path)
    (mine := tmp_path / files.OWN).parent.mkdir()
    other, uses = tmp_path / "other.json", "labs 08 and 09 use it from now on"
    monkeypatch.delenv(files.VARIABLE)
    monkeypatch.chdir(tmp_path)
    for own in (mine, Path(files.OWN), tmp_path / "my" / ".." / "my" / mine.name):
        assert files.way_on(own).startswith(f"wrote my/measured.json; {uses}")
    assert files.way_on(other) == f"wrote {other}; the labs use it where LABCORE_MEASURED names it"
    monkeypatch.setenv(files.VARIABLE, "other.json")
    assert files.way_on(mine) == "wrote my/measured.json; the labs use other.json, since LABCORE_MEASURED names that"
    assert files.way_on(other).startswith(f"wrote {other}; {uses}")


SLEEPS = """
import sys, time
from labcore import cli
from labcore.{module} import {name} as place
place.{function} = lambda *rest, **how: print("begun", file=sys.stderr, flush=True) or time.sleep(60)
sys.argv = ["labcore", *{arguments}]
cli.main()
"""


@pytest.mark.parametrize(
    ("module", "name", "function", "arguments"),
    [
        ("measure", "session", "measure", ["measure", "--json", "m.json"]),
        ("plots", "gallery", "build_figures", ["figures", "roofline", "--out", "."]),
        ("bench", "measurements", "chosen", ["bench"]),
    ],
    ids=("measure", "figures", "bench"),
)
def test_ctrl_c_says_that_it_stopped(module, name, function, arguments, tmp_path):
    code = SLEEPS.format(module=module, name=name, function=function, arguments=arguments)
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "labcore: stopped; what was written before is kept\n"
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_the_result_is_written_shown_and_pointed_to(stubbed, tmp_path, monkeypatch, capsys):
    status, out, _ = labcore(monkeypatch, capsys, "measure", "--json", tmp_path / "m.json")
    assert (status, stubbed) == (0, [False])
    assert files.read(tmp_path / "m.json").machine == ABOUT
    assert "peak fp32" in out
    assert "layernorm, x" in out
    assert "m.json; the labs use" in out.splitlines()[-1]


# ---- beside its peers


def test_a_peer_that_is_faster_shows():
    slow = bench.reached("x", lambda: 1.0, lambda: None, 0.8, "peer", rounds=3)
    assert slow["ok"] is False
    assert slow["value"] < 0.01
    assert set(slow) == set(bench_row("a", 1.0, "x", "at least", 1.0, "b", ok=True))


def test_streams_triad_is_the_triad():
    triad = bench.stream_in_c()
    if triad is None:
        pytest.skip("no gcc with OpenMP here; the bench then takes numba's loop")
    b, c = np.arange(100.0), np.ones(100)
    triad(a := np.zeros(100), b, c, 100, 2)
    assert a.tolist() == (b + 3 * c).tolist()


def test_importing_measure_loads_nothing_heavy():
    code = "import sys, labcore.measure; print([m for m in ('numba', 'torch', 'psutil', 'rich') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert importlib.import_module("labcore.measure").load is load
