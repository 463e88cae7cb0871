# %% [markdown]
# # Exercise 06: systolic arrays
#
# Seven questions that come up when a layer meets an array. 20 points, about an hour. Lab 06 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. The small inputs can be worked out on paper: do that before you look at the code again. You may add inputs
# of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not. Questions 6 and 7 ask for two things: where at least the first comes
# out right for every input, they earn half of their points.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded. A is
# (M, K), B is (K, N). Cycles are counted from 1; rows, columns and indices from 0.

# %%
import math

from labcore.counting import counted
from labcore.grading.check import exercise

check = exercise("06_systolic_arrays")

# %% [markdown] task="q1"
# ## 1. When do they meet?
#
# In an output-stationary array the rows of A enter from the left and the columns of B from above. Row i and column j
# start i and j cycles late, so that the right pairs meet. In which cycle does PE(i, j) multiply `A[i, k]` by
# `B[k, j]`? The first multiplication of all, in PE(0, 0), is in cycle 1. *2 points*


# %% answer="q1"
def meeting(i, j, k):
    """The cycle in which PE(i, j) works on A[i, k] and B[k, j]."""
    # solution
    return i + j + k + 1
    # end solution


# %% check="q1" points=2
check("q1", meeting, on=[(0, 0, 0), (0, 1, 0), (2, 0, 1), (127, 127, 4095)])


# %% draw="q1"
def draw(rng):
    return rng.randint(0, 127), rng.randint(0, 127), rng.randint(0, 4000)


# %% wrong="q1" slip="cycles are counted from 1, and indices from 0"
def meeting(i, j, k):
    return i + j + k


# %% wrong="q1" slip="the later of the two delays is not enough: an operand walks one PE a cycle, right and down"
def meeting(i, j, k):
    return max(i, j) + k + 1


# %% wrong="q1" slip="no PE waits for the row before it to finish: row i starts i cycles late, not i rows of work late"
def meeting(i, j, k):
    return (i + 1) * (j + 1) + k


# %% [markdown] task="q2"
# ## 2. How many cycles?
#
# A rows x cols array works output stationary on tiles of C, one after another. A tile of m x n (m <= rows, n <= cols)
# takes as many cycles as it needs until its last corner is done, then `rows` cycles to shift its results out. Tiles at
# the edges are smaller. How many cycles does the whole product take? *4 points*


# %% answer="q2"
def total_cycles(M, K, N, rows, cols):
    """Cycles of (M, K) @ (K, N), all tiles."""
    # solution
    total = 0
    for i in range(0, M, rows):
        for j in range(0, N, cols):
            m, n = min(rows, M - i), min(cols, N - j)
            total += K + m + n - 2 + rows
    return total
    # end solution


# %% check="q2" points=4
check(
    "q2",
    total_cycles,
    on=[
        (1, 1, 1, 1, 1),
        (2, 2, 2, 2, 2),
        (2, 5, 3, 4, 4),
        (5, 3, 6, 4, 4),
        (129, 64, 300, 128, 64),
    ],
)


# %% draw="q2" count=12
def draw(rng):
    rows, cols = rng.randint(2, 12), rng.randint(2, 12)
    M, N = rng.randint(1, 40), rng.randint(1, 40)
    return M, rng.randint(1, 64), N, rows, cols


# %% wrong="q2" slip="the results still stand in the array: shifting them out takes as many cycles as there are rows"
def total_cycles(M, K, N, rows, cols):
    total = 0
    for i in range(0, M, rows):
        for j in range(0, N, cols):
            total += K + min(rows, M - i) + min(cols, N - j) - 2
    return total


# %% wrong="q2" slip="tiles at the edges are smaller, and their last corner is nearer"
def total_cycles(M, K, N, rows, cols):
    return math.ceil(M / rows) * math.ceil(N / cols) * (K + 2 * rows + cols - 2)


# %% wrong="q2" slip="the first PE starts in the first cycle: the way to the far corner is m + n - 2 steps, not m + n"
def total_cycles(M, K, N, rows, cols):
    total = 0
    for i in range(0, M, rows):
        for j in range(0, N, cols):
            total += K + min(rows, M - i) + min(cols, N - j) + rows
    return total


# %% wrong="q2" slip="a tile that is filled only in part is a tile too: round up"
def total_cycles(M, K, N, rows, cols):
    whole = max(M // rows, 1) * max(N // cols, 1)
    return whole * (K + min(M, rows) + min(N, cols) - 2 + rows)


# %% wrong="q2" slip="the results shift out through all rows of the array, used or not"
def total_cycles(M, K, N, rows, cols):
    total = 0
    for i in range(0, M, rows):
        for j in range(0, N, cols):
            m, n = min(rows, M - i), min(cols, N - j)
            total += K + m + n - 2 + m
    return total


# %% [markdown] task="q3"
# ## 3. What share of the lanes works?
#
# N columns run on an array `width` lanes wide, in as many tiles as it takes. What share of the lanes of all these tiles
# is used (1.0 is all of them)? *2 points*


# %% answer="q3"
def lanes_used(N, width):
    """Share of the lanes that work, from 0 to 1."""
    # solution
    return N / (math.ceil(N / width) * width)
    # end solution


# %% check="q3" points=2
check("q3", lanes_used, on=[(1, 4), (4, 4), (5, 4), (129, 128), (257, 128)])


# %% draw="q3"
def draw(rng):
    width = rng.choice((4, 16, 128))
    return rng.randint(1, 9) * width + rng.randint(1 - width, width), width


# %% wrong="q3" slip="that is the share that idles; the question asks for what works"
def lanes_used(N, width):
    return 1 - N / (math.ceil(N / width) * width)


# %% wrong="q3" slip="the question is about all tiles; this is the last one alone"
def lanes_used(N, width):
    return (N - 1) % width / width + 1 / width


# %% wrong="q3" slip="no lane works twice at once: a product wider than the array takes more tiles, and the share stays below 1"
def lanes_used(N, width):
    return N / width


# %% wrong="q3" slip="N % width is 0 where the last tile is full, and the tiles before it count too"
def lanes_used(N, width):
    return N % width / width


# %% [markdown] task="q4"
# ## 4. How often is it read?
#
# The array works output stationary on tiles of at most rows x cols of C. For each tile it reads the rows of A and the
# columns of B that the tile needs, each element once. How many words of A and B together does the whole product read?
# *3 points*


# %% answer="q4"
def words_read(M, K, N, rows, cols):
    """Words of A and of B that enter the array, together."""
    # solution
    return M * K * math.ceil(N / cols) + K * N * math.ceil(M / rows)
    # end solution


# %% check="q4" points=3
check(
    "q4",
    words_read,
    on=[(1, 1, 1, 1, 1), (2, 3, 4, 2, 2), (5, 3, 4, 2, 4), (4096, 4096, 4096, 128, 128)],
)


# %% draw="q4" count=12
def draw(rng):
    rows, cols = rng.randint(2, 12), rng.randint(2, 12)
    while True:
        M, K, N = rng.randint(1, 60), rng.randint(1, 60), rng.randint(1, 60)
        if math.ceil(M / rows) != math.ceil(N / cols) and (M % rows or N % cols):
            return M, K, N, rows, cols


# %% wrong="q4" slip="A is read again for every column of tiles, and B for every row of tiles"
def words_read(M, K, N, rows, cols):
    return M * K + K * N


# %% wrong="q4" slip="the two factors are swapped: A's rows come back for the tiles along N, B's columns for those along M"
def words_read(M, K, N, rows, cols):
    return M * K * math.ceil(M / rows) + K * N * math.ceil(N / cols)


# %% wrong="q4" slip="no PE reads for itself: a word that enters serves a whole row or column of PEs"
def words_read(M, K, N, rows, cols):
    return 2 * M * K * N


# %% wrong="q4" slip="a tile at the edge reads only the rows and columns that it has"
def words_read(M, K, N, rows, cols):
    tiles = math.ceil(M / rows) * math.ceil(N / cols)
    return tiles * K * (rows + cols)


# %% [markdown] task="q5"
# ## 5. What does a MAC cost?
#
# A product of (M, K) by (K, N) runs on an array that is at least M x N, output stationary. Every word of A and B enters
# once, and every result leaves once. An access costs `E_access`, a multiply-accumulate `E_mac`. What does one
# multiply-accumulate cost with its share of the accesses? *2 points*


# %% answer="q5"
def energy_of_a_mac(M, K, N, E_access, E_mac):
    """Energy of one MAC, accesses included, in the unit of the two energies."""
    # solution
    accesses = M * K + K * N + M * N
    return accesses / (M * K * N) * E_access + E_mac
    # end solution


# %% check="q5" points=2
check(
    "q5",
    energy_of_a_mac,
    on=[
        (1, 1, 1, 640, 1),
        (2, 4, 2, 640, 1),
        (128, 128, 128, 640, 1),
        (128, 4096, 128, 640, 1),
        (128, 4096, 1, 5, 2),
    ],
)


# %% draw="q5"
def draw(rng):
    M, K, N = (rng.randint(1, 128) for _ in range(3))
    return M, K, N, rng.choice((5, 50, 640)), rng.choice((1, 2, 4))


# %% wrong="q5" slip="the results are accesses too: each leaves the array once"
def energy_of_a_mac(M, K, N, E_access, E_mac):
    return (1 / N + 1 / M) * E_access + E_mac


# %% wrong="q5" slip="a word that enters serves more than one MAC; that is the vector unit's energy"
def energy_of_a_mac(M, K, N, E_access, E_mac):
    return 3 * E_access + E_mac


# %% wrong="q5" slip="the multiply-accumulate itself costs something too"
def energy_of_a_mac(M, K, N, E_access, E_mac):
    return (1 / M + 1 / K + 1 / N) * E_access


# %% wrong="q5" slip="that is the energy of the whole product; divide by its M K N MACs"
def energy_of_a_mac(M, K, N, E_access, E_mac):
    return (M * K + K * N + M * N) * E_access + M * K * N * E_mac


# %% [markdown] task="q6"
# ## 6. Which one should stay?
#
# On a side x side array a stationary operand is read once. What moves right enters once for every tile along the
# columns, what moves down once for every tile along the rows; sums that move down leave once for every tile along the
# rows. With tiles counted by rounding up:
#
# | dataflow | rows hold | columns hold | moves right | moves down | stays |
# |---|---|---|---|---|---|
# | `"os"` | M | N | A | B | C |
# | `"ws"` | K | N | A | C | B |
# | `"is"` | K | M | B | C | A |
#
# Return the name of the dataflow that moves the fewest words in all (A and B in, C out), and that number, as a pair.
# Where two are equal, any of them is right. *3 points*


# %% answer="q6"
def best_dataflow(M, K, N, side):
    """The pair (name, words) of the dataflow with the least traffic at the edge."""

    # solution
    def tiles(size):
        return math.ceil(size / side)

    A, B, C = M * K, K * N, M * N
    words = {
        "os": A * tiles(N) + B * tiles(M) + C,
        "ws": A * tiles(N) + B + C * tiles(K),
        "is": A + B * tiles(M) + C * tiles(K),
    }
    least = min(words, key=words.get)
    return least, words[least]
    # end solution


# %% check="q6" points=3
check(
    "q6",
    best_dataflow,
    on=[
        (2, 9, 3, 4),
        (40, 3, 3, 4),
        (3, 3, 40, 4),
        (3136, 576, 64, 128),
        (512, 768, 2304, 128),
    ],
)


# %% draw="q6" count=16
def draw(rng):
    side = rng.choice((4, 8))
    long, short = rng.randint(30, 90), (rng.randint(2, 12), rng.randint(2, 12))
    sizes = [long, *short]
    rng.shuffle(sizes)
    return (*sizes, side)


# %% judge="q6"
def judge(on, got, want):
    import math

    if not isinstance(got, list | tuple) or len(got) != 2 or not isinstance(got[0], str):
        return 0, "a pair is wanted, such as ('os', 120)"
    M, K, N, side = on
    m, k, n = (math.ceil(size / side) for size in (M, K, N))
    words = {
        "os": M * K * n + K * N * m + M * N,
        "ws": M * K * n + K * N + M * N * k,
        "is": M * K + K * N * m + M * N * k,
    }
    if words.get(got[0]) != want[1]:
        return 0, f"another dataflow moves fewer words than {got[0]!r}"
    if got[1] != want[1]:
        return 0.5, "the dataflow is right, the number of words is not"
    return 1, ""


# %% wrong="q6" slip="partial sums leave once for every tile of K, not once in all"
def best_dataflow(M, K, N, side):
    A, B, C = M * K, K * N, M * N
    m, n = math.ceil(M / side), math.ceil(N / side)
    words = {"os": A * n + B * m + C, "ws": A * n + B + C, "is": A + B * m + C}
    least = min(words, key=words.get)
    return least, words[least]


# %% wrong="q6" slip="the words of C count too: they leave the array, in ws and is once for every tile of K"
def best_dataflow(M, K, N, side):
    A, B = M * K, K * N
    m, n = math.ceil(M / side), math.ceil(N / side)
    words = {"os": A * n + B * m, "ws": A * n + B, "is": A + B * m}
    least = min(words, key=words.get)
    return least, words[least]


# %% wrong="q6" slip="the largest operand is not always the one that should stay: count how often the others enter"
def best_dataflow(M, K, N, side):
    A, B, C = M * K, K * N, M * N
    m, k, n = (math.ceil(size / side) for size in (M, K, N))
    largest = max((C, "os"), (B, "ws"), (A, "is"))[1]
    words = {"os": A * n + B * m + C, "ws": A * n + B + C * k, "is": A + B * m + C * k}
    return largest, words[largest]


# %% wrong="q6" slip="weight stationary keeps B; A is what stays when inputs do"
def best_dataflow(M, K, N, side):
    A, B, C = M * K, K * N, M * N
    m, k, n = (math.ceil(size / side) for size in (M, K, N))
    words = {"os": A * n + B * m + C, "is": A * n + B + C * k, "ws": A + B * m + C * k}
    least = min(words, key=words.get)
    return least, words[least]


# %% [markdown] task="q7"
# ## 7. Be the array
#
# Multiply A by B as a t x t array does, output stationary. It holds a tile of at most t x t sums. For each k it takes in
# one column of A's rows in the tile and one row of B's columns in the tile, each element once, and uses it in all its
# sums. Then comes the next tile. Return the product as a list of rows.
#
# A and B come as arrays that count: `A[i, k]` reads one element; `A.shape` is free. The decorator adds the count to
# your result: leave it there. The product earns 2 points; exactly the reads of the array earn 2 more. Fewer would take
# more room than the array has. *4 points*


# %% answer="q7"
@counted
def array_product(A, B, t):
    """A @ B as a list of rows, read as a t x t array reads."""
    # solution
    M, K = A.shape
    N = B.shape[1]
    C = [[0] * N for _ in range(M)]
    for i0 in range(0, M, t):
        for j0 in range(0, N, t):
            rows, cols = range(i0, min(i0 + t, M)), range(j0, min(j0 + t, N))
            for k in range(K):
                a = {i: A[i, k] for i in rows}  # read once for the whole row of PEs
                b = {j: B[k, j] for j in cols}
                for i in rows:
                    for j in cols:
                        C[i][j] += a[i] * b[j]
    return C
    # end solution


# %% check="q7" points=4
check(
    "q7",
    array_product,
    on=[
        ([[2, 4], [1, 5]], [[1, 3], [6, 2]], 2),
        ([[2, 4], [1, 5]], [[1, 3], [6, 2]], 1),
        ([[1, 2], [3, 4], [5, 6]], [[1, 0, 2], [0, 3, 1]], 2),
    ],
)


# %% draw="q7" count=12
def draw(rng):
    t = rng.randint(2, 3)
    M, N = (
        t * rng.randint(1, 2) + rng.randint(1, t - 1),
        t * rng.randint(1, 2) + rng.randint(0, t - 1),
    )
    K = rng.randint(2, 4)
    A = [[rng.randint(-9, 9) for _ in range(K)] for _ in range(M)]
    B = [[rng.randint(-9, 9) for _ in range(N)] for _ in range(K)]
    return A, B, t


# %% judge="q7"
def judge(on, got, want):
    if not isinstance(got, list) or len(got) != 2:
        return 0, "the decorator is gone: leave @counted above the function"
    if got[0] != want[0]:
        return 0, "the product is not right"
    if got[1] > want[1]:
        return 0.5, f"right, with {got[1]} elements read; the array reads {want[1]}"
    if got[1] < want[1]:
        return 0.5, f"right, with {got[1]} reads: the array has no room to keep that much"
    return 1, ""


# %% wrong="q7" slip="an element that is in the array serves a whole row or column of PEs: read it once for each tile"
@counted
def array_product(A, B, t):
    M, K = A.shape
    N = B.shape[1]
    return [
        [sum(A[i, k] * B[k, j] for k in range(K)) for j in range(N)] for i in range(M)
    ]


# %% wrong="q7" slip="B's elements are read again for every row of the tile; take them in once"
@counted
def array_product(A, B, t):
    M, K = A.shape
    N = B.shape[1]
    C = [[0] * N for _ in range(M)]
    for i0 in range(0, M, t):
        for j0 in range(0, N, t):
            for k in range(K):
                for i in range(i0, min(i0 + t, M)):
                    a = A[i, k]
                    for j in range(j0, min(j0 + t, N)):
                        C[i][j] += a * B[k, j]
    return C


# %% wrong="q7" slip="tiles at the edges are products too: round the number of tiles up"
@counted
def array_product(A, B, t):
    M, K = A.shape
    N = B.shape[1]
    C = [[0] * N for _ in range(M)]
    for i0 in range(0, M - M % t, t):
        for j0 in range(0, N - N % t, t):
            for k in range(K):
                a = [A[i, k] for i in range(i0, i0 + t)]
                b = [B[k, j] for j in range(j0, j0 + t)]
                for i in range(t):
                    for j in range(t):
                        C[i0 + i][j0 + j] += a[i] * b[j]
    return C


# %% [markdown]
# ## Done?
#
# `labcore grade my/06_systolic_arrays.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh
# kernel and adds up the points.
