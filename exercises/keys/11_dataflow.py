# %% [markdown]
# # Exercise 11: dataflow
#
# Six questions about what stays and what moves. 15 points, about fifty minutes. Lab 11 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. A holds
# the inputs (M, K), B the weights (K, N), C the outputs (M, N). Loops are named outermost first.

# %%
from labcore.grading.check import exercise

check = exercise("11_dataflow")

# %% [markdown] task="q1"
# ## 1. What changes hands?
#
# A product runs as three loops, one element at a time, in the order given, such as `"MKN"`. A PE holds one element of
# each operand. M, K and N are 2 or more. How often does it take up another element of A, of B and of C (the first one
# included)? Return the three numbers as a list. *2 points*


# %% answer="q1"
def taken_up(order, M, K, N):
    """[A, B, C]: how often the element of each that is held becomes another one."""
    # solution
    steps = M * K * N
    still = {"M": (1, M), "K": (2, K), "N": (0, N)}
    operand, times = still[order[-1]]
    taken = [steps, steps, steps]
    taken[operand] = steps // times
    return taken
    # end solution


# %% check="q1" points=2
check("q1", taken_up, on=[("MNK", 2, 2, 2), ("KNM", 2, 3, 5), ("MKN", 2, 3, 5)])


# %% draw="q1" count=12
def draw(rng):
    loops = list("MKN")
    rng.shuffle(loops)
    return ("".join(loops), *rng.sample(range(2, 12), 3))


# %% wrong="q1" slip="it is the innermost loop that decides what stays, and that is the last one named"
def taken_up(order, M, K, N):
    steps = M * K * N
    operand, times = {"M": (1, M), "K": (2, K), "N": (0, N)}[order[0]]
    taken = [steps, steps, steps]
    taken[operand] = steps // times
    return taken


# %% wrong="q1" slip="what stays is the operand that the loop does not index: C has no index k, A has no n"
def taken_up(order, M, K, N):
    steps = M * K * N
    operand, times = {"M": (0, M), "K": (1, K), "N": (2, N)}[order[-1]]
    taken = [steps, steps, steps]
    taken[operand] = steps // times
    return taken


# %% wrong="q1" slip="one operand stays; the other two change with every step, as only one element of each is held"
def taken_up(order, M, K, N):
    return [M * K, K * N, M * N]


# %% [markdown] task="q2"
# ## 2. How often is a weight used?
#
# A convolution of stride 1 slides R x S filters over images of H x W with `pad` zeros on every side. How many
# multiply-accumulates does one weight take part in, in a batch of N images? Zeros count as inputs. *2 points*


# %% answer="q2"
def uses_of_a_weight(N, H, W, R, S, pad):
    """Multiply-accumulates of one weight, the whole batch."""
    # solution
    return N * (H + 2 * pad - R + 1) * (W + 2 * pad - S + 1)
    # end solution


# %% check="q2" points=2
check(
    "q2",
    uses_of_a_weight,
    on=[
        (1, 4, 4, 1, 1, 0),
        (1, 4, 4, 3, 3, 0),
        (2, 4, 5, 3, 3, 1),
        (32, 56, 56, 3, 3, 1),
    ],
)


# %% draw="q2" count=12
def draw(rng):
    return (
        rng.randint(2, 8),
        rng.randint(8, 20),
        rng.randint(21, 30),
        3,
        5,
        rng.randint(1, 2),
    )


# %% wrong="q2" slip="a weight is used once at each output position, and padding and filter decide how many there are"
def uses_of_a_weight(N, H, W, R, S, pad):
    return N * H * W


# %% wrong="q2" slip="the images of a batch meet the same weights"
def uses_of_a_weight(N, H, W, R, S, pad):
    return (H + 2 * pad - R + 1) * (W + 2 * pad - S + 1)


# %% wrong="q2" slip="each of the R S taps is a weight of its own; count the uses of one"
def uses_of_a_weight(N, H, W, R, S, pad):
    return N * (H + 2 * pad - R + 1) * (W + 2 * pad - S + 1) * R * S


# %% [markdown] task="q3"
# ## 3. Weights stay
#
# The loops run over blocks in the order K, N, M: each block of B, of bk x bn, stays while the blocks of A and C pass.
# M, K and N are cut into two blocks or more each, and blocks divide them. A block of C that comes again is read back;
# its first visit reads nothing. How many words move in all, in and out? *3 points*


# %% answer="q3"
def words_weights_stay(M, K, N, bk, bn):
    """Words of A, B and C that cross, reads and writes together."""
    # solution
    A = M * K * (N // bn)
    C = M * N * (K // bk)
    return A + K * N + 2 * C - M * N
    # end solution


# %% check="q3" points=3
check(
    "q3",
    words_weights_stay,
    on=[(2, 2, 2, 1, 1), (4, 4, 8, 2, 2), (512, 256, 64, 32, 16)],
)


# %% draw="q3" count=12
def draw(rng):
    bk, bn = rng.choice((2, 3, 5)), rng.choice((2, 4, 7))
    return rng.randint(4, 40), bk * rng.randint(2, 6), bn * rng.randint(2, 6), bk, bn


# %% wrong="q3" slip="a sum that leaves unfinished comes back: all visits but the first read it"
def words_weights_stay(M, K, N, bk, bn):
    return M * K * (N // bn) + K * N + M * N * (K // bk)


# %% wrong="q3" slip="the first visit of a sum reads nothing"
def words_weights_stay(M, K, N, bk, bn):
    return M * K * (N // bn) + K * N + 2 * M * N * (K // bk)


# %% wrong="q3" slip="what does not stay comes again: A for every block of columns of B"
def words_weights_stay(M, K, N, bk, bn):
    return M * K + K * N + 2 * M * N * (K // bk) - M * N


# %% [markdown] task="q4"
# ## 4. Outputs stay
#
# The same product in the order M, N, K: blocks of C of bm x bn stay while the blocks of A and B pass. M, K and N are
# again cut into two blocks or more each. How many words move in all? *2 points*


# %% answer="q4"
def words_outputs_stay(M, K, N, bm, bn):
    """Words of A, B and C that cross, reads and writes together."""
    # solution
    return M * K * (N // bn) + K * N * (M // bm) + M * N
    # end solution


# %% check="q4" points=2
check(
    "q4",
    words_outputs_stay,
    on=[(2, 2, 2, 1, 1), (4, 4, 8, 2, 4), (512, 256, 64, 32, 16)],
)


# %% draw="q4" count=12
def draw(rng):
    bm, bn = rng.choice((2, 3, 5)), rng.choice((2, 4, 7))
    return bm * rng.randint(2, 6), rng.randint(4, 40), bn * rng.randint(2, 6), bm, bn


# %% wrong="q4" slip="a sum that stays until it is complete is written once and never read back"
def words_outputs_stay(M, K, N, bm, bn):
    return M * K * (N // bn) + K * N * (M // bm) + 2 * M * N


# %% wrong="q4" slip="the factors are swapped: A comes again for the blocks along N, B for those along M"
def words_outputs_stay(M, K, N, bm, bn):
    return M * K * (M // bm) + K * N * (N // bn) + M * N


# %% wrong="q4" slip="every block of C needs its rows of A and its columns of B again"
def words_outputs_stay(M, K, N, bm, bn):
    return M * K + K * N + M * N


# %% [markdown] task="q5"
# ## 5. The best of three
#
# Blocks are b x b for all three operands, and M, K, N are cut into two or more of them. How often each operand comes:
#
# | stays | A | B | visits to C |
# |---|---|---|---|
# | weights | N/b | 1 | K/b |
# | outputs | N/b | M/b | 1 |
# | inputs | 1 | M/b | K/b |
#
# A visit writes the sums. Where `back` is True, each visit but the first also reads them. Where it is False, they fall
# into accumulators that add them up, as below an array, and nothing is read. How many words does the best of the three
# move? *3 points*


# %% answer="q5"
def least_words(M, K, N, b, back):
    """Words that the best of the three dataflows moves."""
    # solution
    A, B, C = M * K, K * N, M * N
    m, k, n = M // b, K // b, N // b
    visits = (2 * k - 1) * C if back else k * C
    return min(A * n + B + visits, A * n + B * m + C, A + B * m + visits)
    # end solution


# %% check="q5" points=3
check(
    "q5",
    least_words,
    on=[
        (8, 8, 8, 4, True),
        (64, 8, 8, 4, True),
        (64, 8, 8, 4, False),
        (64, 64, 8, 4, True),
    ],
)


# %% draw="q5" count=24
def draw(rng):
    b = rng.choice((2, 4))
    sizes = [b * rng.choice((2, 3, 4, 8, 16)) for _ in range(3)]
    return (*sizes, b, rng.random() < 0.5)


# %% wrong="q5" slip="where sums come back, every visit but the first reads them as well as writing them"
def least_words(M, K, N, b, back):
    A, B, C = M * K, K * N, M * N
    m, k, n = M // b, K // b, N // b
    return min(A * n + B + k * C, A * n + B * m + C, A + B * m + k * C)


# %% wrong="q5" slip="accumulators below an array read nothing back: there a visit costs one word for each sum"
def least_words(M, K, N, b, back):
    A, B, C = M * K, K * N, M * N
    m, k, n = M // b, K // b, N // b
    visits = (2 * k - 1) * C
    return min(A * n + B + visits, A * n + B * m + C, A + B * m + visits)


# %% wrong="q5" slip="the largest operand is not always the one to keep: count how often the others come"
def least_words(M, K, N, b, back):
    A, B, C = M * K, K * N, M * N
    m, k, n = M // b, K // b, N // b
    visits = (2 * k - 1) * C if back else k * C
    ways = [(B, A * n + B + visits), (C, A * n + B * m + C), (A, A + B * m + visits)]
    return max(ways)[1]


# %% [markdown] task="q6"
# ## 6. When does every word move once?
#
# Every dataflow moves each word once as soon as one operand is held whole beside single rows or columns of the others:
# one loop is left to turn, and it brings new words alone. Let the buffer hold that operand whole, and one row or column
# of each of the other two: with B whole, a row of A (K words) and a row of C (N words); with A whole, a column of B (K)
# and a column of C (M); with C whole, a column of A (M) and a row of B (N). How many words does the smallest such
# buffer hold? *3 points*


# %% answer="q6"
def enough(M, K, N):
    """Words of the smallest buffer that holds one operand whole and a row or column of the others."""
    # solution
    return min(K * N + K + N, M * K + K + M, M * N + M + N)
    # end solution


# %% check="q6" points=3
check(
    "q6",
    enough,
    on=[(1, 1, 1), (2, 3, 4), (8, 2, 2), (2, 8, 2), (512, 768, 3072), (1, 768, 3072)],
)


# %% draw="q6" count=16
def draw(rng):
    return tuple(rng.choice((1, 2, 5, 9, 20, 40)) + rng.randint(0, 3) for _ in range(3))


# %% wrong="q6" slip="any of the three may be the whole one; take the smallest buffer"
def enough(M, K, N):
    return K * N + K + N


# %% wrong="q6" slip="the whole operand alone is not enough: a row or column of each other one must be there as well"
def enough(M, K, N):
    return min(K * N, M * K, M * N)


# %% wrong="q6" slip="what stands beside depends on what is whole: K and N words with B, K and M with A, M and N with C"
def enough(M, K, N):
    return min(K * N, M * K, M * N) + K + N


# %% wrong="q6" slip="one operand whole is enough; that buffer holds all three"
def enough(M, K, N):
    return M * K + K * N + M * N
