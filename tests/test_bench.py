"""The bench reports what it measures, beside a limit, and finds a slow thing slow."""

import time

from labcore.bench import MEASUREMENTS, import_roofline, median_time, row


def test_median_time_is_that_of_the_call():
    assert 0.01 <= median_time(lambda: time.sleep(0.01), repeats=3) < 0.05


def test_a_row_says_whether_the_limit_is_kept():
    assert row("x", 1.0, 2.0, "limit")["ok"]
    assert not row("x", 3.0, 2.0, "limit")["ok"]


def test_import_of_roofline_stays_light():
    # The bench holds 50 ms; five times that here, since tests run beside other work.
    assert import_roofline()["value"] < 0.250


def test_measurements_are_named_once():
    assert len({measure.__name__ for measure in MEASUREMENTS}) == len(MEASUREMENTS)
