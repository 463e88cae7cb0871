"""Self-check items of serving language models; each docstring is the question as the lab puts it."""

from __future__ import annotations

from labcore.grading.selfcheck import item, letter, near, number
from labcore.models.language import kv_cache_bytes
from labcore.serving.closed_forms import harmonic
from labcore.serving.early_exit import exits_at, expected_batch_depth, expected_depth
from labcore.serving.experts import expected_touched
from labcore.serving.speculative import expected_tokens, keep_probability, speedup


@item("serving-1", wants="a number of bytes")
def cache_of_a_token(answer: object) -> str:
    """Keys and values of a token.

    Llama 3 8B has 32 layers and 8 heads of 128 for keys and values. How many bytes does a token keep in FP16?
    """
    want, got = kv_cache_bytes("llama3-8b", batch=1, context=1), number(answer)
    if got == want / 2:
        return "Keys, or values: both are kept."
    if got == want / 32:
        return "That is one layer."
    if got == 4 * want:
        return "32 heads ask, but only 8 have keys and values."
    return "" if got == want else "Keys and values, layers, heads, width of a head, two bytes: multiply."


@item("serving-2", wants="a factor")
def gain_of_continuous(answer: object) -> str:
    """Continuous over fixed batches.

    Answers have exponential lengths, requests always wait, a pass costs the same however full it is.

    How many times the throughput of fixed batches of 4 has continuous batching?
    """
    want = harmonic(4)
    if near(answer, 4):
        return "That would be so if one answer of four were long and the others took no time."
    if near(answer, 1.386):
        return "ln 4 is what the sum tends to for large batches, less 0.577; add up the four terms."
    if near(answer, 1 / want):
        return "Upside down: that is the share of its slots that a fixed batch uses."
    return "" if near(answer, want) else "The longest of four over the mean: 1 + 1/2 + 1/3 + 1/4."


@item("serving-3", wants="a number of tokens")
def tokens_of_a_round(answer: object) -> str:
    """Tokens of a speculative round.

    A draft of 4 tokens, each kept with probability 0.8 if those before it were. How many tokens has a round?
    """
    if near(answer, 5):
        return "That is the most, when all are kept."
    if near(answer, 1 + 4 * 0.8):
        return "A token counts only if all before it were kept: 0.8, 0.8^2, ..."
    if near(answer, expected_tokens(0.8, 4) - 1):
        return "The target's own token comes on top, in every round."
    return "" if near(answer, expected_tokens(0.8, 4)) else "1 + 0.8 + 0.8^2 + 0.8^3 + 0.8^4."


@item("serving-4", wants="a factor")
def speed_of_speculation(answer: object) -> str:
    """What speculation gains.

    The same round; a step of the draft takes a tenth of the target's, and checking 4 takes the time of one step.

    How many times faster than plain decoding is it?
    """
    tokens = expected_tokens(0.8, 4)
    if near(answer, tokens):
        return "Drafts take time as well: four steps of a tenth."
    if near(answer, tokens / 1.1):
        return "The draft makes four steps, one after another."
    if near(answer, tokens / 5.4):
        return "The target checks all of them in one pass, not in five; weights bind that pass."
    return "" if near(answer, speedup(0.8, 4, c=0.1)) else "Tokens of a round over 4 x 0.1 + 1 steps."


@item("serving-5", wants="a probability")
def kept_or_not(answer: object) -> str:
    """The rule that keeps the target's distribution.

    The draft proposes a word that it gives 0.5; the target gives it 0.2. With which probability is it kept?
    """
    if near(answer, 2.5):
        return "A probability is at most 1; of the two quotients it is the other."
    if near(answer, 0.2):
        return "The word has been drawn already, with 0.5; kept so often it would come out with 0.1."
    if near(answer, 0.3):
        return "So much the draft gives too much; the share to keep is a quotient."
    return "" if near(answer, keep_probability(0.2, 0.5)) else "min(1, p / q), p the target's and q the draft's."


@item("serving-6", wants="a number of experts")
def experts_of_a_batch(answer: object) -> str:
    """Distinct experts of a batch.

    Each token takes 2 of 8 experts, all equally likely. How many do 4 tokens touch together, on average?
    """
    if near(answer, 8):
        return "Tokens meet at the same experts: some are left out now and then."
    if near(answer, 2):
        return "That is one token."
    if near(answer, 8 * (1 - (7 / 8) ** 8)):
        return "The two of a token are different ones: it misses an expert with 6/8, not with (7/8)^2."
    return "" if near(answer, expected_touched(4, 8, 2)) else "8 x (1 - 0.75^4): an expert is missed by all four."


@item("serving-7", wants="a number of layers")
def exits_of_a_batch(answer: object) -> str:
    """A batch that must wait for its deepest token.

    Of 32 layers half of the tokens could leave after 16. How many does a batch of 8 in step run, on average?
    """
    hazard = exits_at(32, {16: 0.5})
    if near(answer, expected_depth(hazard)):
        return "That is the mean of a token alone; a batch goes on while one of its tokens does."
    if near(answer, 16):
        return "Only if all eight leave there."
    want = expected_batch_depth(hazard, 8)
    return "" if near(answer, want, 0.001) else "16, and 16 more unless all eight leave: 1 - 0.5^8. Give two decimals."


@item("serving-8", wants="a letter from a to d")
def what_chunks_change(answer: object) -> str:
    """What chunks of prompts move.

    Prompts are now read in chunks beside the answers that are being written. What changes?

    a) The memory that a prompt's keys and values take. b) Answers under way stall less, the prompt's own first token
    comes a little later. c) Fewer FLOP are needed for a prompt. d) Every request's first token comes sooner.
    """
    return letter(
        answer,
        "b",
        {
            "a": "The same tokens are kept; they come in pieces.",
            "c": "The same FLOP, cut up; what is saved is waiting.",
            "d": "The one whose prompt is cut waits for all of its chunks; who gains are those that write.",
        },
    )
