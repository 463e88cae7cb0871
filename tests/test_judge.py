"""The judge: what it says, what it never shows, and that whatever JSON comes, only right values earn points."""

import json
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.grading.check import outcomes
from labcore.grading.judge import Question, judge, load_questions, passes
from labcore.grading.values import alike, as_source, close, natural, plain, received, show


def values(*got):
    return [{"value": one} for one in got]


def said(got, want, **options):
    """The likely slip that the judge names for one input."""
    question = Question("q1", "f", on=[[1]], want=[want], **({"slips": {}} | options))
    feedback = judge(question, [{"value": plain(got)}])
    assert feedback.outcome == "failed"
    assert feedback.slip == feedback.message.partition("Likely slip: ")[2].removesuffix(".")
    return feedback.slip


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (3 * 5, 2 * 3 * 5, "MACs taken for FLOP"),
        (2 * 300e9, 300e9, "both ways of a link for one"),
        (2 * 312e12, 312e12, "a sparse peak for the dense one"),
        (8 * 80, 80, "bits where bytes belong"),
        (16 * 2**30, 16 * 1e9, "GiB (2^30 B) where GB"),
        (16 * 1e9, 16 * 2**30, "GB (10^9 B) where GiB"),
        (64 * 1024, 64 * 1000, "KiB (1024 B) where kB"),
        (20.3, 0.203, "a percentage where a share"),
        (312e9, 312e12, "a prefix too many or too few"),
        (10 / 153, 15.3, "upside down"),
        (31.0, 31.0303, "rounded"),
        (None, 2.5, "is a `return` missing"),
        (float("nan"), 2.5, "nan comes from 0 / 0"),
        (float("inf"), None, "None is wanted, inf came"),
        ("2.5", 2.5, "a number is wanted, a text came"),
        (True, 1, "a number is wanted, True came"),
        ((1, 2, 3), [1, 2], "a pair is wanted, a list of 3 came"),
        ((2, 1), [1, 2], "in the wrong order"),
        (180.6, 181, "a whole number is wanted"),
        (lambda: 1, 2.5, "an object of type function came"),
        ({"a": 1}, 2.5, "an object of type dict came"),
        (2**5000, 2.5, "a number of 5001 bits came"),
        (17.0, 4.5, ""),
    ],
)
def test_the_judge_names_the_slip(got, want, words):
    assert words in said(got, want)
    assert bool(said(got, want)) == bool(words)


def test_a_catalogued_slip_speaks_before_the_ratio_and_two_alike_speak_both():
    slips = {"no output": [{"value": 3.0}], "no input": [{"value": 3.0}], "other": [{"value": 4.0}]}
    assert said(3.0, 6.0, slips=slips) == "no output; or: no input"


def test_a_ratio_must_hold_for_every_wrong_value():
    question = Question("q1", "f", on=[[1], [2]], want=[2.0, 10.0], slips={})
    assert "half" in judge(question, values(1.0, 5.0)).message
    assert "slip" not in judge(question, values(1.0, 4.0)).message


def test_the_smallest_failing_input_is_shown():
    question = Question("q1", "f", on=[[2048, 2048], [1, 1], [2, 3]], want=[1, 2, 3], slips={})
    feedback = judge(question, values(0, 2, 0))
    assert feedback.message == "q1: f(2, 3) gives 0; wanted 3.\n2 of 3 inputs come out wrong; this is the smallest."
    assert feedback.score == 0


@pytest.mark.parametrize("got", [None, [], [{"value": 1}] * 3, [1, 2], "passed", {"value": 1}])
def test_what_is_not_one_outcome_an_input_is_an_error(got):
    question = Question("q1", "f", on=[[1], [2]], want=[1, 2], slips={})
    assert judge(question, got).outcome == "error"


# ---- hidden inputs: f(x) = 2 x on 1 and 3, which are shown, and on 70, 90 and 50, which are not ----

DOUBLE = Question(
    "q1",
    "f",
    on=[[1], [3], [70], [90], [50]],
    want=[2.0, 6.0, 140.0, 180.0, 100.0],
    slips={"x is squared": values(1.0, 9.0, 4900.0, 8100.0, 2500.0)},
    shown=2,
)
HIDDEN = {"70", "90", "50", "140", "180", "100", "4900", "8100", "2500"}


def test_right_everywhere():
    feedback = judge(DOUBLE, values(2, 6, 140, 180, 100))
    assert (feedback.outcome, feedback.score, feedback.message) == ("passed", 1.0, "q1: right on all 5 inputs")


def test_wrong_on_hidden_inputs_alone_tells_how_many_and_no_values():
    feedback = judge(DOUBLE, values(2, 6, 140, 181.5, 77))
    assert feedback.message == "q1: right on the 2 inputs that you see, wrong on 2 of 3 others."
    assert (feedback.outcome, feedback.score, feedback.slip) == ("failed", 0, "")


def test_wrong_on_shown_and_hidden_inputs_shows_the_smallest_that_is_shown():
    feedback = judge(DOUBLE, values(2, 7, 140, 181.5, 77))
    assert feedback.message == (
        "q1: f(3) gives 7; wanted 6.\n1 of 2 inputs that you see and 2 of 3 others come out wrong."
    )
    both = judge(DOUBLE, values(3, 7, 141, 181.5, 77))
    assert both.message == (
        "q1: f(1) gives 3; wanted 2.\n"
        "2 of 2 inputs that you see and 3 of 3 others come out wrong; this is the smallest."
    )
    assert judge(DOUBLE, values(2, 7, 140, 180, 100)).message == "q1: f(3) gives 7; wanted 6."


def test_a_slip_and_a_ratio_are_named_on_hidden_inputs_too():
    assert judge(DOUBLE, values(1, 9, 4900, 8100, 2500)).slip == "x is squared"
    table = values(2, 6, 70, 90, 50)  # the shown values listed, and x elsewhere
    assert judge(DOUBLE, table).slip.startswith("half of what is wanted")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("ValueError: 70 is odd", "There it raises ValueError."),
        ("E70", "There it raises an error of its own."),
        ("print: 70", "There it raises an error of its own."),
        ("TimeoutError: ran longer than 10 s", "There it raises TimeoutError."),
    ],
)
def test_an_error_on_a_hidden_input_tells_its_type_alone(error, words):
    feedback = judge(DOUBLE, [*values(2, 6), {"error": error}, *values(180, 100)])
    assert feedback.message == f"q1: right on the 2 inputs that you see, wrong on 1 of 3 others.\n{words}"


anything = st.one_of(st.none(), st.text("abc", max_size=3), st.integers(-5, 5), st.lists(st.integers(0, 9), max_size=2))


@given(st.lists(st.sampled_from([0, 1]), min_size=3, max_size=3), anything)
def test_no_message_shows_anything_of_a_hidden_input(right, other):
    """Whatever comes on hidden inputs, and whether or not a shown one fails."""
    hidden = [{"value": want if ok else plain(other)} for ok, want in zip(right, (140.0, 180.0, 100.0), strict=True)]
    for shown in (values(2, 6), values(2, 5)):
        message = judge(DOUBLE, shown + hidden).message
        assert not {word.strip("();,.") for word in message.split()} & HIDDEN
        assert not isinstance(other, str) or len(other) < 3 or f"'{other}'" not in message


def test_an_answer_that_is_a_value_shows_what_is_wanted():
    question = Question("q9", "nine", on=None, want=[9], slips={"three doubled": values(6)})
    assert judge(question, values(6)).message == "q9: nine is 6; wanted 9.\nLikely slip: three doubled."
    assert judge(question, [{"unanswered": True}]).message == "q9: not answered yet"


# ---- credit, and judges of a question's own ----


def test_credit_for_each_input_is_the_lesser_share_of_shown_and_hidden():
    each = Question(**vars(DOUBLE) | {"credit": "each"})
    assert judge(each, values(2, 6, 140, 180, 0)).score == pytest.approx(2 / 3)
    assert judge(each, values(2, 0, 140, 180, 0)).score == 1 / 2
    partial = judge(each, values(2, 0, 140, 180, 100))
    assert (partial.outcome, partial.score) == ("partial", 1 / 2)
    assert "\n50 % of the points." in partial.message
    table = judge(each, values(2, 6, 0, 0, 0))  # the values that are shown, listed
    assert (table.outcome, table.score) == ("failed", 0)
    assert judge(Question("q1", "f", [[1], [2]], [1, 2], {}, credit="each"), values(1, 0)).score == 1 / 2


DIVISOR = """
def judge(on, got, want):
    (n,) = on
    if n == 13:
        return 1 / 0, ""
    if n == 14:
        return 2, "too much"
    if got in (1, n):
        return 0.5, f"{got} divides {n}, as it divides every number" if got == 1 else "the number itself"
    return n % got == 0, f"{n} / {got} is not whole"
"""


def divisors(*on, **options):
    """The question for a proper divisor, of which 12 has four."""
    fields = {"slips": {}, "judge": DIVISOR} | options
    return Question("q2", "divisor", on=[[n] for n in on], want=[2] * len(on), **fields)


def test_a_judge_of_its_own_takes_several_right_answers():
    for got in (2, 3, 4, 6):
        assert judge(divisors(12), values(got)).outcome == "passed"
    wrong = judge(divisors(12), values(5))
    assert wrong.message == "q2: divisor(12) gives 5; 12 / 5 is not whole; one right answer is 2."
    assert (wrong.outcome, wrong.score) == ("failed", 0)


def test_a_judge_gives_shares_and_the_least_counts_or_the_mean():
    partial = judge(divisors(12, 8), values(1, 4))
    assert (partial.outcome, partial.score) == ("partial", 0.5)
    assert partial.message == (
        "q2: divisor(12) gives 1; 1 divides 12, as it divides every number; one right answer is 2.\n"
        "50 % of the points, in view of the inputs shown; hidden ones count too, and the lesser share is your mark."
    )
    assert judge(divisors(12, 8), values(1, 3)).score == 0
    assert judge(divisors(12, 8, credit="each"), values(1, 4)).score == 0.75


def test_of_the_inputs_that_are_shown_the_one_with_the_most_lost_is_told():
    lost = judge(divisors(8, 12, 15, 35, shown=3), values(1, 5, 2, 5))  # half right on 8, wrong on 12 and 15
    assert lost.message.startswith(
        "q2: divisor(12) gives 5; 12 / 5 is not whole; one right answer is 2.\n3 of 3 inputs"
    )
    assert "%" not in lost.message


def test_where_hidden_inputs_decide_the_words_say_so():
    """Half right on both inputs that are shown, and wrong on a hidden one: 0 points, and the reason stands there."""
    lost = judge(divisors(12, 8, 15, shown=2), values(1, 1, 2))
    assert lost.score == 0
    assert lost.message.endswith("0 % of the points: hidden inputs decide; those that you see would give 50 %.")
    each = Question(**vars(DOUBLE) | {"credit": "each"})
    partial = judge(each, values(2, 0, 140, 0, 0))  # a half of those shown, a third of the others
    assert partial.message.endswith("33.3 % of the points: hidden inputs decide; those that you see would give 50 %.")
    assert judge(each, values(2, 0, 140, 180, 0)).message.endswith("\n50 % of the points.")


def test_a_value_has_no_hidden_inputs_to_speak_of():
    half = Question("q2", "divisor", None, [2], {}, judge="def judge(on, got, want):\n    return 0.5, ''")
    assert judge(half, values(3)).message.endswith("\n50 % of the points.")


def test_words_of_a_judge_about_hidden_inputs_stay_unsaid():
    feedback = judge(divisors(6, 12, 15, shown=1), values(3, 1, 5))
    assert feedback.message == "q2: right on the input that you see, wrong on 1 of 2 others.\n50 % of the points."


@pytest.mark.parametrize(("n", "error"), [(13, "ZeroDivisionError"), (14, "ValueError")])
def test_a_judge_that_fails_is_named_and_gives_no_points(n, error):
    feedback = judge(divisors(12, n), values(6, 2))
    assert feedback.message == (
        f"q2: {error} in the question's judge, which is no fault of the answer; tell your teacher"
    )
    assert (feedback.outcome, feedback.score) == ("error", 0)


def test_a_judge_need_not_be_ready_for_other_kinds_of_values():
    feedback = judge(divisors(12), values("six"))
    assert feedback.message == (
        "q2: divisor(12) gives 'six'; one right answer is 2.\nLikely slip: a number is wanted, a text came."
    )
    assert judge(divisors(12), [{"error": "TypeError: no"}]).outcome == "failed"


def test_a_judge_gets_copies_and_dicts_as_dicts():
    source = "def judge(on, got, want):\n    on[0]['a'].append(1)\n    return on[0]['a'] == [2, 1], ''"
    question = Question("q1", "f", on=plain([({"a": [2]},)] * 2), want=[1, 1], slips={}, judge=source)
    assert judge(question, values(1, 1)).outcome == "passed"
    assert judge(question, values(1, 1)).outcome == "passed"
    assert "f({'a': (2,)}) gives" in judge(Question("q1", "f", question.on, [1, 1], {}), values(0, 0)).message


@pytest.mark.parametrize("share", ["True", "1 - 1e-12", "__import__('numpy').float64(1)"])
def test_a_full_share_passes_however_it_is_written(share):
    question = Question("q1", "f", [[1]], [1], {}, judge=f"def judge(on, got, want):\n    return {share}, ''")
    assert judge(question, values(5)).score == 1


@pytest.mark.parametrize("share", ["float('nan')", "-0.1", "None", "'1'", "[1]"])
def test_what_is_no_share_gives_no_points(share):
    question = Question("q1", "f", [[1]], [1], {}, judge=f"def judge(on, got, want):\n    return {share}, ''")
    assert judge(question, values(1)).outcome == "error"


# ---- whatever JSON comes ----

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["kind", "value", "items"]), inner),
    max_leaves=8,
)
KINDS = Question("q1", "f", [[1], [2], [3], [4], [5]], [6, 0.5, None, "a", [1, [2.5]]], {"slip": values(*"abcde")})
outcome = st.dictionaries(st.sampled_from(["value", "error", "unanswered", "x"]), json_values, max_size=3)


def is_right(one, want):
    """Whether an outcome holds the wanted value, told without the code under test."""
    if not isinstance(one, dict) or list(one) != ["value"]:
        return False
    got = one["value"]
    if isinstance(want, float):
        return type(got) in (int, float) and want - 1e-5 < got < want + 1e-5
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(is_right, values(*got), want))
    return got == want and isinstance(got, bool) is isinstance(want, bool)


@given(st.data(), st.sampled_from(["all", "each"]), st.sampled_from([None, 0, 2]))
def test_only_right_values_earn_points_whatever_comes(data, credit, shown):
    question = Question(**vars(KINDS) | {"credit": credit, "shown": shown})
    got = [data.draw(st.just({"value": want}) | outcome) for want in KINDS.want]
    feedback = judge(question, got)
    correct = [is_right(one, want) for one, want in zip(got, KINDS.want, strict=True)]
    assert feedback.score <= sum(correct) / (5 if credit == "each" and not shown else 1)
    assert (feedback.outcome == "passed") == all(correct) == (feedback.score == 1) == passes(question, got)
    assert (feedback.outcome == "partial") == (0 < feedback.score < 1)
    assert len(feedback.message) < 2000


def test_nothing_asked_is_nothing_passed():
    """As for the hidden inputs of an answer that is a value: there are none, and a wrong value is not right on them."""
    asked_nothing = Question("q1", "f", [], [], {})
    assert judge(asked_nothing, []).outcome == "unanswered"
    assert not passes(asked_nothing, [])
    assert not passes(DOUBLE, [{"value": DOUBLE.want[0]}])


@given(json_values | st.lists(json_values | outcome))
def test_no_json_upsets_the_judge(got):
    for question in (KINDS, DOUBLE, divisors(12), divisors(12, 8, 4, 2, 1, shown=2, credit="each")):
        assert judge(question, got).score in (0, 0.5, 1) or question.credit == "each"


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "hostile",
    [
        nested(200_000),
        {"kind": nested(200_000)},
        10**4000,
        "x" * 10**7,
        [0.5] * 10**6,
        float("nan"),
        {"kind": "a pair"},
    ],
    ids=["deep", "deep kind", "digits", "text", "list", "nan", "forged kind"],
)
@pytest.mark.parametrize("where", ["value", "error", "unanswered"])
def test_hostile_values_are_judged_soon(hostile, where):
    start = time.monotonic()
    for question in (KINDS, DOUBLE, divisors(12, 8, 4, 2, 1)):
        for want in (question.want, [2, [1, 2], None, "a", 0.5]):
            feedback = judge(question, [{where: hostile}] * 5)
            assert feedback.score == 0
            judge(Question("q1", "f", question.on, want, {"a": values(*want)}), [{where: hostile}, *values(*want)][:5])
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("extra", [{"error": "x"}, {"unanswered": True}, {"kind": "nan"}])
def test_an_outcome_is_one_thing(extra):
    """A right value beside an error, whatever the order, is no right value."""
    for one in ({"value": 6} | extra, extra | {"value": 6}):
        assert judge(Question("q1", "f", [[1]], [6], {}), [one]).outcome == "failed"


@pytest.mark.parametrize(
    ("got", "want"),
    [
        ({"kind": "a pair"}, [1, 2]),
        ({"kind": "a number"}, 6),
        ({"kind": "None", "items": 3}, None),
        (7 * 10**290, 10**250),
        (7 * 10**290, 0.5),
        (-(10**300), 1e-300),
    ],
)
def test_forged_kinds_and_huge_numbers_are_wrong_and_no_more(got, want):
    assert judge(Question("q1", "f", [[1]], [want], {}), values(got)).outcome == "failed"


@given(json_values)
def test_what_is_received_is_bounded_and_stays_itself(value):
    once = received(value)
    assert received(once) == once
    json.dumps(once, allow_nan=False)


# ---- values ----

plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(plain_values)
def test_plain_values_survive_json_and_equal_themselves(value):
    assert json.loads(json.dumps(plain(value))) == plain(value) == received(plain(value))
    assert close(plain(value), plain(value), 1e-6)
    assert alike(plain(value), plain(value))
    assert len(show(plain(value))) <= 160


@given(st.floats(1e-300, 1e300), st.floats(1e-5, 0.5))
def test_a_number_off_by_more_than_the_tolerance_is_wrong(want, off):
    assert close(want * (1 + 1e-9), want, 1e-6)
    assert not close(want * (1 + off), want, 1e-6)


def test_arrays_and_their_numbers_are_plain():
    assert plain(np.arange(3)) == [0, 1, 2]
    assert plain((np.float32(0.5), np.int64(2), np.bool_(True))) == [0.5, 2, True]
    assert plain([0] * 5000) == {"kind": "a list of 5000"}
    assert natural(plain({"a": [{"b": 1}]})) == {"a": [{"b": 1}]}


def test_an_answer_gets_copies_of_its_inputs():
    def spoils(chips):
        chips.append(1)
        return len(chips)

    chips = [0]
    assert outcomes(spoils, [(chips,), (chips,)]) == [{"value": 2}, {"value": 2}]
    assert outcomes(3.0, [(1,)]) == [{"error": "TypeError: a function is wanted, a number came"}]


def test_stored_questions_have_defaults(tmp_path):
    path = tmp_path / "01_small.json"
    fields = {"name": "f", "tolerance": 1e-6, "on": [[1]], "want": [2], "slips": {}}
    path.write_text(json.dumps({"q1": fields, "q2": fields | {"credit": "each", "judge": "def judge..."}}))
    questions = load_questions(path)
    assert (questions["q1"].shown, questions["q1"].credit, questions["q1"].judge) == (None, "all", "")
    assert questions["q2"].credit == "each"


# ---- inputs as source ----

literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)
DTYPES = ["float16", "float32", "float64", "int8", "uint16", "int64", "uint64", "bool", ">i4", "<U3"]


def identical(a, b):
    """Whether two values are equal, types and signs of zero included, and nan equal to nan."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return a == b


@given(literals)
def test_source_of_literals_gives_them_back(value):
    text = as_source(value)
    assert identical(eval(text), value)
    assert eval(f"({text}\n)") == eval(text) or "nan" in text  # it is one expression, on one line
    assert "\n" not in text


@given(st.sampled_from(DTYPES), st.lists(st.integers(0, 3), max_size=3), st.integers(0, 2**32 - 1))
def test_source_of_arrays_gives_them_back(dtype, shape, seed):
    rng = np.random.default_rng(seed)
    value = (rng.standard_normal(shape) * 100 if "f" in dtype else rng.integers(0, 2, shape)).astype(dtype)
    again = eval(as_source([value]))[0]
    assert again.dtype == value.dtype
    assert again.shape == np.shape(value)
    assert type(again) is type(value)
    assert np.array_equal(again, value)


def test_source_of_what_is_no_number_and_of_scalars():
    array = eval(as_source(np.array([np.nan, -np.inf, -0.0], dtype="float32")))
    assert np.isnan(array[0])
    assert array[1] == -np.inf
    assert math.copysign(1, array[2]) == -1
    assert type(eval(as_source(np.float32(0.1)))) is np.float32
    assert eval(as_source(np.zeros((0, 3)))).shape == (0, 3)


class Text(str):
    """A text of a class of its own."""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({1, 2}, "an object of type set"),
        ([(lambda: 1,)], "an object of type function"),
        ({1: 2}, "a dict with keys that are no texts"),
        (1j, "an object of type complex"),
        (10**400, "a number of 1329 bits"),
        (Text("a"), "an object of type Text"),
        (np.array([object()]), "an array of object"),
        (np.array([1j]), "an array of complex128"),
        (np.zeros(2, dtype=[("a", "f4")]), "an array of"),
        (np.ma.array([1, 2]), "a MaskedArray of int64"),
    ],
)
def test_what_has_no_source_is_refused_in_words(value, words):
    with pytest.raises(ValueError, match=r"^an input holds .*; give ") as caught:
        as_source(value)
    assert words in str(caught.value)
