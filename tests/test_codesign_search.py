"""The hardware template, its predictors, the search against the true front, and one study by two processes."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.codesign import study as studies
from labcore.codesign.area import area, cells, relative_errors
from labcore.codesign.array_area import array_cells, fit, held_out
from labcore.codesign.compare import Score, all_designs, compare, fastest, margin, true_front, volume
from labcore.codesign.comparison import BUDGETS, CAPS, again, compared, stored
from labcore.codesign.counted import synthesized, wanted_wholes, wholes
from labcore.codesign.front import dominates, front, hypervolume
from labcore.codesign.journal import storage
from labcore.codesign.memories import memory_bits
from labcore.codesign.networks import Network
from labcore.codesign.predict import cycles, energy, predict, sized, within
from labcore.codesign.problem import lots
from labcore.codesign.search import Problem, Trainings, optimize, optuna, sampler
from labcore.codesign.strategies import STRATEGIES, general_hardware, proxy_guided
from labcore.codesign.template import Template
from labcore.systolic import simulate

POINTS = st.integers(1, 3).flatmap(lambda d: st.lists(st.tuples(*[st.integers(0, 6)] * d), min_size=1, max_size=12))


# Fronts and hypervolume


@given(POINTS)
def test_hypervolume_is_the_count_of_dominated_unit_cells(points):
    d = len(points[0])
    cells = itertools.product(range(6), repeat=d)  # the cell at c reaches from c to c + 1, below the reference at 6
    count = sum(any(all(x <= c for x, c in zip(p, cell, strict=True)) for p in points) for cell in cells)
    assert hypervolume(points, (6,) * d) == count


@given(POINTS)
def test_the_front_is_what_no_point_dominates_and_it_holds_the_whole_volume(points):
    kept = [points[i] for i in front(points)]
    assert set(kept) == {p for p in points if not any(dominates(q, p) for q in points)}
    assert len(kept) == len(set(kept))
    assert hypervolume(kept, (7,) * len(points[0])) == hypervolume(points, (7,) * len(points[0]))
    assert all(any(p == q or dominates(q, p) for q in kept) for p in points)


def test_hypervolume_says_what_it_cannot_do():
    with pytest.raises(ValueError, match="1, 2 or 3 objectives, got 4"):
        hypervolume([], (1, 1, 1, 1))
    with pytest.raises(ValueError, match="the reference has 2 objectives and a point has 3"):
        hypervolume([(1, 2, 3)], (4, 4))


# Template and predictors


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"rows": 0}, "rows must be a whole number of at least 1, got 0"),
        ({"dataflow": "is"}, "a template's dataflow is os or ws, got 'is'"),
        ({"weight_bits": 5}, "weight_bits is one of .*, got 5; take 8"),
        ({"activation_bits": 16}, "got 16; round to 8 bits"),
        ({"accumulator_bits": 12}, "holds no product of 16 bits; take 16 or more"),
    ],
)
def test_a_template_that_cannot_be_built_says_why(changed, text):
    with pytest.raises(ValueError, match=text):
        Template(**{"rows": 4, "cols": 4, **changed})


def test_a_precision_that_the_template_lacks():
    with pytest.raises(ValueError, match=r"has 8 bits and the template multiplies 4 x 4; train it at 4 bits or take"):
        predict(Network(("fc",), 4, bits=8), Template(4, 4, weight_bits=4, activation_bits=4))


@pytest.mark.parametrize("dataflow", ["os", "ws"])
def test_cycles_are_those_of_the_stepped_array_and_one_for_each_logit(dataflow):
    net, rng = Network(("conv2x2", "conv3x3"), 4, bits=4), np.random.default_rng(0)
    stepped = sum(
        simulate(rng.integers(0, 9, (a.M, a.K)), rng.integers(-9, 9, (a.K, a.N)), 3, 5, dataflow).cycles
        for a in net.layers
    )
    assert cycles(net, Template(3, 5, dataflow)) == stepped + 10


def test_utilization_never_passes_one_and_energy_falls_with_bits():
    found = [
        predict(Network(("conv2x2",), 8, bits=b), Template(2, 2, weight_bits=b, activation_bits=b)) for b in (2, 4, 8)
    ]
    assert all(0 < one.utilization <= 1 for one in found)
    assert found[0].E < found[1].E < found[2].E
    assert found[0].area < found[1].area < found[2].area
    assert len({one.cycles for one in found}) == 1  # bits play no part in cycles
    assert energy(Network(("fc",), 8), Template(2, 2)) > Network(("fc",), 8).macs * 0.3e-12  # multiply and add alone


def test_what_does_not_fit_the_cap_says_which_array_would():
    net, template = Network(("fc",), 4, bits=2), Template(8, 8, "os", weight_bits=2, activation_bits=2)
    small = predict(net, Template(4, 8, "os", weight_bits=2, activation_bits=2)).area
    with pytest.raises(ValueError, match=f"above the cap of {small + 1:g}; the largest array that fits is [48] x [48]"):
        within(net, template, cap=small + 1)
    with pytest.raises(ValueError, match=r"even 1 x 1 takes .*; take fewer bits, a narrower network or a larger cap"):
        within(net, template, cap=100)


def test_memories_are_as_large_as_the_network():
    made = sized(Template(2, 2), Network(("conv3x3",), 8))  # 9 x 8 and 288 x 10 weights; 8 x 6 x 6 between the layers
    assert (made.weight_words, made.activation_words) == (9 * 8 + 288 * 10, 8 * 36)


def test_the_fit_of_arrays_holds_for_larger_ones_it_has_not_seen():
    for dataflow, mean, worst in (("os", 0.01, 0.02), ("ws", 0.03, 0.05)):
        new = [s for s in synthesized() if held_out(s) and s.template.dataflow == dataflow]
        errors = np.abs(relative_errors(new))
        assert len(new) >= 8
        assert errors.mean() < mean
        assert errors.max() < worst
    assert array_cells(Template(8, 8, "os")) > 60 * array_cells(Template(1, 1, "os"))


def test_the_area_is_that_of_whole_accelerators_that_the_fit_has_not_seen():
    assert [(whole.network, whole.template) for whole in wholes()] == wanted_wholes()
    assert [i for i, whole in enumerate(wholes()) if whole.held] == list(range(2, 36, 3))
    for dataflow in ("os", "ws"):
        new = [whole for whole in wholes() if whole.held and whole.template.dataflow == dataflow]
        errors = np.abs(relative_errors(new))
        assert len(new) == 6
        assert errors.mean() < 0.1
        assert errors.max() < 0.2


def test_the_array_is_less_than_half_of_most_small_chips():
    """Why an area of the array alone ranks wrongly: a column's requantizer multiplies 15 bits by a whole sum."""
    small = [whole for whole in wholes() if whole.template.pes <= 16]
    shares = [whole.parts["array"] / whole.cells for whole in small]
    assert np.median(shares) < 0.4
    assert sum(share < 0.5 for share in shares) > 0.9 * len(small)
    assert sum(whole.parts["requantize"] > whole.parts["array"] for whole in small) > len(small) / 2


def test_memories_enter_the_area_by_their_bits_alone():
    net, t = Network(("conv3x3",), 8, bits=4), Template(4, 4, "ws", 4, 4, 20)
    bits = memory_bits(net, t)
    assert bits.rom == 4 * ((2 * 9 + 3 * 288) * 4 + (2 + 3) * 20)  # words of 4 columns, weights and biases
    assert bits.ram == 2 * 288 * 4 + (10 + 4 * 36) * 20  # two images of 8 x 6 x 6, 10 logits, 36 sums a column
    assert area(net, t) == pytest.approx(sum(cells(net, t).values()) + bits.rom / 4 + bits.ram * 1.5)


def test_a_fit_needs_as_many_samples_as_coefficients():
    with pytest.raises(ValueError, match="8 coefficients take as many samples or more, got 7"):
        fit(synthesized()[:7])


# Search: a problem small enough to know its front by hand


def little(cap=8.0, noise=0.0):
    """Accuracy grows with width and bits; cycles fall with rows; area is width x bits x rows."""

    def train(network, seed, cheap):
        width, bits = network
        shaken = noise * np.random.default_rng([seed, width, bits]).standard_normal()
        return 1 - 0.2 / (width * bits) - (0.02 * (5 - width) if cheap else 0) + shaken

    cost = lambda n, h: (16 * n[0] / h[0], n[0] * n[1] * h[0] / 2)  # noqa: E731
    return Problem({"width": (1, 2, 3, 4), "bits": (1, 2)}, {"rows": (1, 2, 4)}, train, cost, cap)


def errors_of(problem):
    return {n: 0.2 / (n[0] * n[1]) for n in problem.networks()}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("picker", ["nsga2", "tpe", "random"])
def test_no_strategy_spends_more_than_its_budget_or_breaks_the_cap(strategy, picker):
    trainings = Trainings(little(cap=3), budget=4, seed=1)
    designs = STRATEGIES[strategy](trainings, picker)
    assert 0 < trainings.spent <= 4 + 1e-9
    assert designs
    assert all(d.area <= 3 and d.network in trainings.full for d in designs)
    assert all(little().cost(d.network, d.hardware) == (d.cycles, d.area) for d in designs)


def test_with_every_network_trained_the_joint_searches_find_the_true_front():
    problem = little()
    whole = [(d.error, d.cycles) for d in true_front(problem, errors_of(problem))]
    found = STRATEGIES["nested joint"](Trainings(problem, budget=100), "random")
    best = [(found[i].error, found[i].cycles) for i in front([(d.error, d.cycles) for d in found])]
    assert np.allclose(best, whole)


def test_the_same_seed_gives_the_same_search():
    for strategy, picker in itertools.product(STRATEGIES, ("nsga2", "tpe")):
        first, second = (STRATEGIES[strategy](Trainings(little(noise=0.01), 4, seed=3), picker) for _ in range(2))
        assert first == second


def test_a_network_is_paid_for_once_and_a_cheap_training_by_its_price():
    trainings = Trainings(little(), budget=2)
    assert trainings.accuracy((1, 1)) == trainings.accuracy((1, 1)) == pytest.approx(0.8)
    assert trainings.accuracy((2, 1), cheap=True) == pytest.approx(0.84)
    assert trainings.spent == pytest.approx(1.1)
    assert trainings.accuracy((3, 1)) is None  # 0.9 is left


def test_proxies_spend_half_and_the_best_are_trained_in_full():
    trainings = Trainings(little(), budget=2)
    proxy_guided(trainings, "random")
    assert len(trainings.proxies) <= 10
    assert 1 <= len(trainings.full) < len(trainings.proxies)
    assert set(trainings.full) <= set(trainings.proxies)


def test_hardware_chosen_alone_runs_as_many_networks_as_it_can():
    assert general_hardware(little(cap=8)) == (2,)  # four rows leave out the wide networks, one row is slower
    with pytest.raises(ValueError, match=r"nothing fits an area of 0.1; the smallest pair takes 0.5, so raise the cap"):
        general_hardware(little(cap=0.1))


def test_compare_scores_at_true_errors_and_never_above_the_whole_front():
    problem = little(noise=0.05)
    scores = compare(problem, errors_of(problem), budget=3, seeds=range(4), samplers=("random",))
    assert {s.strategy for s in scores} == set(STRATEGIES)
    assert all(0 <= share <= 1 + 1e-12 for s in scores for share in s.shares)
    assert scores == sorted(scores, key=lambda s: -s.mean)
    with pytest.raises(ValueError, match=r"no strategy 'luck'; there are accuracy-first, hardware-first"):
        compare(problem, errors_of(problem), 3, range(2), strategies=("luck",))
    with pytest.raises(ValueError, match=r"no design under an area of 0.1 errs less than 20%; raise the cap"):
        compare(little(cap=0.1), errors_of(problem), 3, range(2))


def test_the_stored_searches_come_back_exactly():
    known = set(compared())
    assert set(again(20_000, 6, ["hardware-first", "nested joint"], seeds=2)) <= known
    assert set(again(40_000, 12, ["accuracy-first"], seeds=1)) <= known
    with pytest.raises(ValueError, match=r"nothing is stored for a cap of 5, 24 trainings and 'tpe'; there are caps"):
        stored(5, 24)


def test_the_order_of_strategies_holds_at_every_cap_from_twelve_trainings_on():
    """In the mean; at 6 trainings it does not, and which differences pass their standard error varies."""
    for cap, budget, picker in itertools.product(CAPS, BUDGETS, ("tpe", "random")):
        order = [score.strategy for score in stored(cap, budget, picker)]
        if budget >= 12:
            assert order[:3] == ["proxy-guided", "nested joint", "flat joint"]
        assert {"proxy-guided", "nested joint"} == set(order[:2])
    assert stored(40_000, 6)[0].strategy == "nested joint"


def test_a_seed_draws_its_own_lot_of_trainings():
    draws = np.array([[*lots(seed).values()] for seed in range(10)])
    assert len({tuple(draw) for draw in draws.tolist()}) == 10
    assert (abs(np.bincount(draws.ravel()) / draws.size - 1 / 3) < 0.03).all()


def test_volume_and_fastest_use_the_table_and_not_what_the_search_saw():
    lucky = all_designs(little(), {(1, 1): 0.0})  # the search saw no error at all
    assert volume(lucky, {(1, 1): 0.2}, slowest=64) == 0  # in truth it is not useful
    assert fastest(lucky, {(1, 1): 0.2}, most=0.1) is None


def test_a_margin_counts_standard_errors():
    same = Score("a", "tpe", (0.5, 0.6), ())
    assert margin(same, same) == (0, 0)
    assert margin(Score("b", "tpe", (0.6, 0.7), ()), same)[1] > 1e6  # every seed agrees, up to rounding
    with pytest.raises(ValueError, match="two seeds or more"):
        margin(Score("a", "", (1,), ()), Score("b", "", (1,), ()))


def test_tpe_beats_random_on_a_smooth_objective():
    """The outside oracle of the wiring: with 40 trials of 20 x 20 choices, a model finds a lower value than luck."""

    def best(picker, seed):
        seen = []
        choices = {"x": tuple(range(20)), "y": tuple(range(20))}
        judge = lambda p: seen.append((p[0] - 7) ** 2 + (p[1] - 11) ** 2) or ((float(seen[-1]),), 0.0)  # noqa: E731
        optimize(choices, judge, picker, seed, trials=40, objectives=1)
        return min(seen)

    assert np.mean([best("tpe", s) for s in range(6)]) < np.mean([best("random", s) for s in range(6)])


def test_bad_searches_say_so(monkeypatch):
    with pytest.raises(ValueError, match="no sampler 'grid'; there are nsga2, tpe, random"):
        sampler("grid")
    with pytest.raises(ValueError, match="the choice 'rows' has no values"):
        Problem({"width": (1,)}, {"rows": ()}, None, None, 1)
    with pytest.raises(ValueError, match="cap must be a finite number above 0"):
        little(cap=0)
    optuna.cache_clear()
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ValueError, match=r"pip install 'labcore\[codesign\]'; the table of all pairs works without it"):
        optuna()
    monkeypatch.undo()
    optuna.cache_clear()


# One study, several processes


def test_two_processes_lose_no_trial_and_do_none_twice(tmp_path):
    journal = tmp_path / "study.journal"
    command = [sys.executable, "-m", "labcore.codesign.study", "--journal", str(journal), "--trials", "8"]
    running = [
        subprocess.Popen([*command, "--train", "quick"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert all(not err for _, err in said)  # Optuna is silent
    study = studies.join(journal, studies.problems.live(), "quick", None)
    done = [t for t in study.get_trials() if t.state.name == "COMPLETE"]
    assert len(done) == 8
    numbers = [t.number for t in study.get_trials()]
    assert numbers == list(range(len(numbers)))  # each number once
    assert {t.user_attrs["worker"] for t in done} <= {f"{studies.socket.gethostname()} {p.pid}" for p in running}
    assert json.loads(said[0][0])["failed"] <= 1  # at most one trial that came too late


def fake(train=lambda n, s, c: 0.5, cap=8.0):
    problem = little(cap)
    return Problem(problem.network, problem.hardware, train, problem.cost, cap)


def test_a_network_known_to_the_study_is_not_trained_again(tmp_path):
    asked = []
    problem = fake(lambda n, s, c: asked.append(n) or 0.5)
    found = studies.work(tmp_path / "j", problem, "t", trials=30, picker="random", seed=0)
    assert found.complete == 30
    assert found.trained == len(asked) == len(set(asked)) <= 8


def test_a_study_goes_on_where_it_stopped(tmp_path):
    first = studies.work(tmp_path / "j", fake(), "t", trials=3, seed=0)
    again = studies.work(tmp_path / "j", fake(), "t", trials=5, seed=1)
    assert (first.complete, again.complete) == (3, 5)
    assert studies.work(tmp_path / "j", fake(), "t", trials=5).complete == 5  # nothing left to do


def test_the_slower_of_two_that_ask_for_the_last_trial_drops_its_own(tmp_path, monkeypatch):
    study = studies.join(tmp_path / "j", fake(), "t", sampler("random"))
    ask, faster = study.ask, []

    def late():
        faster.append(ask())  # another process asks in between
        return ask()

    monkeypatch.setattr(study, "ask", late)
    monkeypatch.setattr(studies, "join", lambda *_: study)
    assert studies.work(tmp_path / "j", fake(), "t", trials=1) == (0, 1, 1, 0)


def test_what_a_dead_process_left_is_given_up_and_done_again(tmp_path):
    study = studies.join(tmp_path / "j", fake(), "t", sampler("random"))
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    study.ask().set_user_attr("worker", f"{studies.socket.gethostname()} {gone.pid}")
    found = studies.work(tmp_path / "j", fake(), "t", trials=4, seed=0)
    assert found == (4, 0, 1, found.trained)


def test_journals_that_do_not_belong_are_refused_in_one_line(tmp_path, capsys):
    studies.work(tmp_path / "j", fake(), "t", trials=1, seed=0)
    with pytest.raises(ValueError, match=r"is of another problem .*other choices, cap or training"):
        studies.join(tmp_path / "j", fake(cap=9.0), "t", None)
    other = storage(tmp_path / "other")
    optuna().create_study(storage=other, study_name="soup")
    assert studies.main(["--journal", str(tmp_path / "other"), "--trials", "1"]) == 2
    (tmp_path / "text").write_text("no journal\n")
    assert studies.main(["--journal", str(tmp_path / "text"), "--trials", "1"]) == 2
    assert studies.main(["--journal", str(tmp_path / "k"), "--trials", "0"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "holds the study 'soup', not 'codesign'" in lines[0]
    assert "is no Optuna journal; give --journal a new file" in lines[1]
    assert "trials must be a whole number of at least 1, got 0" in lines[2]


@settings(max_examples=20)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["os", "ws"]))
def test_area_grows_with_the_array(rows, cols, dataflow):
    assert array_cells(Template(rows + 1, cols, dataflow)) > array_cells(Template(rows, cols, dataflow))
    assert array_cells(Template(rows, cols + 1, dataflow)) > array_cells(Template(rows, cols, dataflow))
