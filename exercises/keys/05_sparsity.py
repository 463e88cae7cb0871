# %% [markdown]
# # Exercise 05: sparsity
#
# Seven questions on storing, pruning and skipping zeros. 19 points, about an hour. Lab 05 has all that you need.
#
# For each question, replace the line `raise NotImplementedError(...)` and run the cell, then run the check below it.
# The check says what came out and what was wanted for the smallest input that goes wrong, and names the slip if it
# knows it. You may add inputs of your own to `on=[...]`; they are shown, not judged.
#
# The grader asks about the inputs that you see and about others that you do not. A question earns its points only when
# all of its inputs come out right, shown or not; question 6 gives half of them for a right product that reads too much.
#
# Keep the names of the functions, and write helpers into the cell that uses them: only answer cells are graded.
# Matrices are lists of rows. Sizes are in bytes, 16-bit values take 2.

# %%
import math

from labcore.catalogue import A100, H100
from labcore.counting import counted
from labcore.grading.check import exercise

check = exercise("05_sparsity")

# %% [markdown] task="q1"
# ## 1. Compress rows
#
# Return the three arrays of the CSR of a matrix as lists: values row by row, the column of each, and the pointers:
# row i lies from `pointers[i]` to `pointers[i + 1]`. *2 points*


# %% answer="q1"
def csr(matrix):
    """The triple (values, columns, pointers) of a list of rows."""
    # solution
    values, columns, pointers = [], [], [0]
    for row in matrix:
        for column, value in enumerate(row):
            if value != 0:
                values.append(value)
                columns.append(column)
        pointers.append(len(values))
    return values, columns, pointers
    # end solution


# %% check="q1" points=2
check(
    "q1",
    csr,
    on=[
        [[0, 5], [7, 0]],
        [[0, 5, 0, 6], [0, 0, 0, 0], [7, 0, 0, 0]],
        [[0, 0], [0, 0]],
        [[1, -1, 2]],
    ],
)


# %% draw="q1" count=16
def draw(rng):
    rows, columns = rng.randint(1, 5), rng.randint(1, 6)
    return (
        [
            [rng.choice((0, 0, rng.randint(-9, 9))) for _ in range(columns)]
            for _ in range(rows)
        ],
    )


# %% wrong="q1" slip="there is one pointer more than there are rows: the first is 0, the last says where the last row ends"
def csr(matrix):
    values = [value for row in matrix for value in row if value != 0]
    columns = [c for row in matrix for c, value in enumerate(row) if value != 0]
    pointers, total = [], 0
    for row in matrix:
        pointers.append(total)
        total += sum(value != 0 for value in row)
    return values, columns, pointers


# %% wrong="q1" slip="the pointers add up: each says where its row starts, not how many values the row has"
def csr(matrix):
    values = [value for row in matrix for value in row if value != 0]
    columns = [c for row in matrix for c, value in enumerate(row) if value != 0]
    return values, columns, [0] + [sum(value != 0 for value in row) for row in matrix]


# %% wrong="q1" slip="a negative value is a nonzero too"
def csr(matrix):
    values, columns, pointers = [], [], [0]
    for row in matrix:
        for column, value in enumerate(row):
            if value > 0:
                values.append(value)
                columns.append(column)
        pointers.append(len(values))
    return values, columns, pointers


# %% [markdown] task="q2"
# ## 2. How many bytes?
#
# A (rows, cols) matrix has `nnz` nonzeros. Return the pair of its sizes as CSR and as a bitmap. A value takes
# `value_bytes`, an index or a pointer `index_bytes`; the bitmap has one bit for each place, filled up to whole bytes.
# *2 points*


# %% answer="q2"
def sizes(rows, cols, nnz, value_bytes, index_bytes):
    """The pair (bytes as CSR, bytes as a bitmap with its values)."""
    # solution
    as_csr = nnz * (value_bytes + index_bytes) + (rows + 1) * index_bytes
    as_bitmap = nnz * value_bytes + math.ceil(rows * cols / 8)
    return as_csr, as_bitmap
    # end solution


# %% check="q2" points=2
check(
    "q2",
    sizes,
    on=[
        (3, 4, 3, 4, 4),
        (3, 3, 2, 2, 4),
        (8, 8, 16, 2, 2),
        (4096, 4096, 8388608, 2, 4),
    ],
)


# %% draw="q2" count=16
def draw(rng):
    rows, cols = rng.randint(2, 300), rng.randint(2, 300)
    return (
        rows,
        cols,
        rng.randint(1, rows * cols),
        rng.choice((1, 2, 4, 8)),
        rng.choice((2, 4, 8)),
    )


# %% wrong="q2" slip="there is one pointer more than there are rows"
def sizes(rows, cols, nnz, value_bytes, index_bytes):
    return (
        nnz * (value_bytes + index_bytes) + rows * index_bytes,
        nnz * value_bytes + math.ceil(rows * cols / 8),
    )


# %% wrong="q2" slip="the pointers take room too: rows + 1 of them"
def sizes(rows, cols, nnz, value_bytes, index_bytes):
    return (
        nnz * (value_bytes + index_bytes),
        nnz * value_bytes + math.ceil(rows * cols / 8),
    )


# %% wrong="q2" slip="the bitmap has a bit for each place, and eight of them are a byte"
def sizes(rows, cols, nnz, value_bytes, index_bytes):
    return (
        nnz * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
        nnz * value_bytes + rows * cols,
    )


# %% wrong="q2" slip="a byte that is filled in part is a byte: round the bitmap up"
def sizes(rows, cols, nnz, value_bytes, index_bytes):
    return (
        nnz * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
        nnz * value_bytes + rows * cols // 8,
    )


# %% [markdown] task="q3"
# ## 3. When does CSR pay?
#
# What is the largest number of nonzeros at which the CSR of a (rows, cols) matrix, pointers included, takes *fewer*
# bytes than the dense matrix? Return `None` where not even an empty matrix does. *3 points*


# %% answer="q3"
def most_nonzeros(rows, cols, value_bytes, index_bytes):
    """Largest nnz whose CSR is smaller than the dense matrix, or None."""
    # solution
    room = rows * cols * value_bytes - (rows + 1) * index_bytes
    # nnz * (value_bytes + index_bytes) < room
    return (room - 1) // (value_bytes + index_bytes) if room > 0 else None
    # end solution


# %% check="q3" points=3
check(
    "q3",
    most_nonzeros,
    on=[
        (3, 4, 4, 4),
        (2, 8, 2, 2),
        (4, 1, 1, 4),
        (4096, 4096, 2, 4),
        (4096, 4096, 1, 4),
    ],
)


# %% draw="q3" count=24
def draw(rng):
    value_bytes, index_bytes = rng.choice((1, 2, 4, 8)), rng.choice((1, 2, 4, 8))
    case = rng.randrange(3)
    if case == 0:  # narrow: the pointers alone take more
        return rng.randint(2, 99), 1, value_bytes, 2 * value_bytes
    rows = rng.randint(2, 50)
    if case == 1:  # equality is possible, and is not enough
        width = value_bytes + index_bytes
        return width * rows - 1, index_bytes * width, value_bytes, index_bytes
    return rows, rng.randint(20, 300), value_bytes, index_bytes


# %% wrong="q3" slip="the pointers take room too: rows + 1 of them"
def most_nonzeros(rows, cols, value_bytes, index_bytes):
    return (rows * cols * value_bytes - 1) // (value_bytes + index_bytes)


# %% wrong="q3" slip="as many bytes as the dense matrix are not fewer"
def most_nonzeros(rows, cols, value_bytes, index_bytes):
    room = rows * cols * value_bytes - (rows + 1) * index_bytes
    return room // (value_bytes + index_bytes) if room > 0 else None


# %% wrong="q3" slip="where the pointers alone take as much as the dense matrix, no number of nonzeros will do: return None"
def most_nonzeros(rows, cols, value_bytes, index_bytes):
    room = rows * cols * value_bytes - (rows + 1) * index_bytes
    return max(0, (room - 1) // (value_bytes + index_bytes))


# %% wrong="q3" slip="a nonzero costs its value and its index; the index alone is not all"
def most_nonzeros(rows, cols, value_bytes, index_bytes):
    room = rows * cols * value_bytes - (rows + 1) * index_bytes
    return (room - 1) // index_bytes if room > 0 else None


# %% [markdown] task="q4"
# ## 4. Prune to N:M
#
# Of every m values of a row keep the n with the largest magnitude; of equal ones, the one that comes first. Return the
# pair (values, places): the kept values in the order in which they stand in the row, and for each its place in its
# group, from 0 to m - 1. m divides the length of the row. *3 points*


# %% answer="q4"
def prune(row, n, m):
    """The pair (values, places) of a row pruned to n of each m."""
    # solution
    values, places = [], []
    for start in range(0, len(row), m):
        group = row[start : start + m]
        largest = sorted(range(m), key=lambda place: -abs(group[place]))[:n]
        places += sorted(largest)
        values += [group[place] for place in sorted(largest)]
    return values, places
    # end solution


# %% check="q4" points=3
check(
    "q4",
    prune,
    on=[
        ([1, 9, 3, 2], 2, 4),
        ([3, -8, 1, 7, 2, 2, -2, 9], 2, 4),
        ([0, 0, 0, 5], 2, 4),
        ([-1, 1, 4, -6, 5, 5], 1, 2),
    ],
)


# %% draw="q4" count=24
def draw(rng):
    m = rng.choice((2, 4, 8))
    n = rng.randint(1, m - 1)
    return [rng.randint(-4, 4) for _ in range(m * rng.randint(1, 4))], n, m


# %% wrong="q4" slip="a large negative value is large: compare magnitudes"
def prune(row, n, m):
    values, places = [], []
    for start in range(0, len(row), m):
        group = row[start : start + m]
        kept = sorted(sorted(range(m), key=lambda place: -group[place])[:n])
        places += kept
        values += [group[place] for place in kept]
    return values, places


# %% wrong="q4" slip="kept values stay in the order of the row, not of their size"
def prune(row, n, m):
    values, places = [], []
    for start in range(0, len(row), m):
        group = row[start : start + m]
        kept = sorted(range(m), key=lambda place: -abs(group[place]))[:n]
        places += kept
        values += [group[place] for place in kept]
    return values, places


# %% wrong="q4" slip="of equal magnitudes the first is kept"
def prune(row, n, m):
    values, places = [], []
    for start in range(0, len(row), m):
        group = row[start : start + m]
        kept = sorted(
            sorted(range(m), key=lambda place: (-abs(group[place]), -place))[:n]
        )
        places += kept
        values += [group[place] for place in kept]
    return values, places


# %% wrong="q4" slip="places count within the group, from 0 to m - 1; the column is m times the group more"
def prune(row, n, m):
    values, places = [], []
    for start in range(0, len(row), m):
        group = row[start : start + m]
        kept = sorted(sorted(range(m), key=lambda place: -abs(group[place]))[:n])
        places += [start + place for place in kept]
        values += [group[place] for place in kept]
    return values, places


# %% [markdown] task="q5"
# ## 5. Lanes in step
#
# A grid works on a matrix of kept weights (1) and pruned ones (0). It takes `lanes` rows at a time, one row a lane. All
# lanes get the same group of `group` columns and the next one when the last lane is done; a lane takes one cycle for
# each 1 in its part of the group. When all groups are through, the next rows follow. Return the cycles for the whole
# matrix. `lanes` divides the rows and `group` the columns. *3 points*


# %% answer="q5"
def grid_cycles(mask, lanes, group):
    """Cycles that the grid takes."""
    # solution
    cycles = 0
    for top in range(0, len(mask), lanes):
        for left in range(0, len(mask[0]), group):
            cycles += max(
                sum(row[left : left + group]) for row in mask[top : top + lanes]
            )
    return cycles
    # end solution


# %% check="q5" points=3
check(
    "q5",
    grid_cycles,
    on=[
        ([[1, 1, 0, 0], [0, 1, 0, 1]], 2, 2),
        ([[1, 1, 0, 0], [0, 1, 0, 1]], 2, 4),
        ([[1, 1, 0, 0], [0, 1, 0, 1]], 1, 2),
        ([[0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 1, 0], [0, 0, 1, 0]], 2, 2),
    ],
)


# %% draw="q5" count=24
def draw(rng):
    lanes, group = rng.choice((2, 3, 4)), rng.choice((2, 3, 4))
    rows, columns = lanes * rng.randint(1, 3), group * rng.randint(2, 5)
    return (
        [[rng.randint(0, 1) for _ in range(columns)] for _ in range(rows)],
        lanes,
        group,
    )


# %% wrong="q5" slip="the lanes meet after each group: the slowest lane of every group counts, not of the whole row"
def grid_cycles(mask, lanes, group):
    return sum(
        max(map(sum, mask[top : top + lanes])) for top in range(0, len(mask), lanes)
    )


# %% wrong="q5" slip="lanes do not share work: the slowest one sets the time, not the average"
def grid_cycles(mask, lanes, group):
    return math.ceil(sum(map(sum, mask)) / lanes)


# %% wrong="q5" slip="zeros are skipped: a group takes as many cycles as its fullest lane has ones"
def grid_cycles(mask, lanes, group):
    return len(mask) // lanes * len(mask[0])


# %% wrong="q5" slip="only `lanes` rows are in the grid at a time; those below wait for their turn"
def grid_cycles(mask, lanes, group):
    return sum(
        max(sum(row[left : left + group]) for row in mask)
        for left in range(0, len(mask[0]), group)
    )


# %% [markdown] task="q6"
# ## 6. A product that reads little
#
# Multiply a matrix of blocks by a vector. `blocks[k]` is the k-th stored block, r x c; it stands in block column
# `columns[k]`, and block row i has the blocks from `pointers[i]` to `pointers[i + 1]`. Return the product as a list of
# r numbers for each block row.
#
# The inputs come as arrays that count: `a[i]`, `a[i, j]` or `a[i, j, k]` reads one element; `len(a)` and `a.shape`
# are free. The decorator adds the count to your result: leave it there. The product earns 2 points; reading nothing
# twice that could be kept in a few variables earns 2 more. What can a block read once for all its rows, and what does a
# block row know from the one before? *4 points*


# %% answer="q6"
@counted
def block_product(blocks, columns, pointers, b):
    """The product of a block-sparse matrix and a vector, as a list."""
    # solution
    _, r, c = blocks.shape
    y, end = [], pointers[0]
    for i in range(len(pointers) - 1):
        start, end = end, pointers[i + 1]
        sums = [0] * r
        for k in range(start, end):
            left = columns[k] * c
            part = [b[left + j] for j in range(c)]  # read once for all rows of the block
            for row in range(r):
                sums[row] += sum(blocks[k, row, j] * part[j] for j in range(c))
        y += sums
    return y
    # end solution


# %% check="q6" points=4
check(
    "q6",
    block_product,
    on=[
        ([[[1, 2], [3, 4]]], [0], [0, 1], [10, 1]),
        ([[[1, 2], [3, 4]]], [1], [0, 0, 1], [5, 5, 10, 1]),
        (
            [[[1, 0, 2]], [[0, 3, 0]], [[4, 5, 6]]],
            [0, 1, 1],
            [0, 2, 2, 3],
            [1, 2, 3, 4, 5, 6],
        ),
    ],
)


# %% draw="q6" count=12
def draw(rng):
    r, c, wide = rng.randint(2, 3), rng.randint(2, 4), rng.randint(1, 4)
    columns, pointers = [], [0]
    for _ in range(rng.randint(2, 4)):
        columns += sorted(rng.sample(range(wide), rng.randint(0, wide)))
        pointers.append(len(columns))
    if not columns:
        columns, pointers = [0], [0, *[1] * (len(pointers) - 1)]
    blocks = [[[rng.randint(-5, 5) for _ in range(c)] for _ in range(r)] for _ in columns]
    return blocks, columns, pointers, [rng.randint(-9, 9) for _ in range(wide * c)]


# %% judge="q6"
def judge(on, got, want):
    if not isinstance(got, list) or len(got) != 2:
        return 0, "the decorator is gone: leave @counted above the function"
    if got[0] != want[0]:
        return 0, "the product is not right"
    if got[1] > want[1]:
        return 0.5, f"right, with {got[1]} elements read; {want[1]} are enough"
    return 1, ""


# %% wrong="q6" slip="every row of a block reads its part of the vector anew; read it once for the block"
@counted
def block_product(blocks, columns, pointers, b):
    _, r, c = blocks.shape
    y, end = [], pointers[0]
    for i in range(len(pointers) - 1):
        start, end = end, pointers[i + 1]
        sums = [0] * r
        for k in range(start, end):
            left = columns[k] * c
            for row in range(r):
                sums[row] += sum(blocks[k, row, j] * b[left + j] for j in range(c))
        y += sums
    return y


# %% wrong="q6" slip="the end of a block row is the start of the next: read each pointer once"
@counted
def block_product(blocks, columns, pointers, b):
    _, r, c = blocks.shape
    y = []
    for i in range(len(pointers) - 1):
        sums = [0] * r
        for k in range(pointers[i], pointers[i + 1]):
            left = columns[k] * c
            part = [b[left + j] for j in range(c)]
            for row in range(r):
                sums[row] += sum(blocks[k, row, j] * part[j] for j in range(c))
        y += sums
    return y


# %% wrong="q6" slip="the block column counts blocks: its first element of the vector is c times that"
@counted
def block_product(blocks, columns, pointers, b):
    _, r, c = blocks.shape
    y, end = [], pointers[0]
    for i in range(len(pointers) - 1):
        start, end = end, pointers[i + 1]
        sums = [0] * r
        for k in range(start, end):
            left = columns[k]
            part = [b[left + j] for j in range(c)]
            for row in range(r):
                sums[row] += sum(blocks[k, row, j] * part[j] for j in range(c))
        y += sums
    return y


# %% wrong="q6" slip="a block row without blocks gives r zeros; it is not left out"
@counted
def block_product(blocks, columns, pointers, b):
    _, r, c = blocks.shape
    y, end = [], pointers[0]
    for i in range(len(pointers) - 1):
        start, end = end, pointers[i + 1]
        if start == end:
            continue
        sums = [0] * r
        for k in range(start, end):
            left = columns[k] * c
            part = [b[left + j] for j in range(c)]
            for row in range(r):
                sums[row] += sum(blocks[k, row, j] * part[j] for j in range(c))
        y += sums
    return y


# %% [markdown] task="q7"
# ## 7. What does 2:4 gain?
#
# A dense layer multiplies a batch of B inputs, (B, M), by weights, (M, N), with 16-bit numbers. The chip does `R_peak`
# FLOP/s and moves `BW` B/s; the least time is the longer of computing and moving, inputs and outputs included. With the
# weights in 2:4, half of the multiply-accumulates are skipped and the weights take half of the values and 2 bits of
# metadata for each value kept. How many times as fast can the layer be? *2 points*


# %% answer="q7"
def gain(B, M, N, R_peak, BW):
    """Least time of the dense layer over that of the layer with 2:4 weights."""
    # solution
    others = 2 * (B * M + B * N)
    dense = max(2 * B * M * N / R_peak, (2 * M * N + others) / BW)
    sparse = max(B * M * N / R_peak, (M * N / 2 * (2 + 2 / 8) + others) / BW)
    return dense / sparse
    # end solution


# %% check="q7" points=2
check(
    "q7",
    gain,
    on=[
        (1, 4, 4, 1000, 10),
        (8, 4, 4, 1, 10),
        (1, 4096, 4096, A100.peak("fp16"), A100.BW),
        (64, 4096, 4096, A100.peak("fp16"), A100.BW),
        (256, 4096, 4096, A100.peak("fp16"), A100.BW),
        (300, 4096, 4096, H100.peak("fp16"), H100.BW),
    ],
)


# %% draw="q7" count=20
def draw(rng):
    M, N = 4 * rng.randint(8, 256), 4 * rng.randint(8, 256)
    return rng.randint(1, 512), M, N, rng.choice((30, 100, 300)) * 10, 10


# %% wrong="q7" slip="2:4 halves the multiplications; where bytes bind, the gain is that of the bytes"
def gain(B, M, N, R_peak, BW):
    return 2.0


# %% wrong="q7" slip="the metadata are bytes too: 2 bits for each value kept"
def gain(B, M, N, R_peak, BW):
    others = 2 * (B * M + B * N)
    dense = max(2 * B * M * N / R_peak, (2 * M * N + others) / BW)
    return dense / max(B * M * N / R_peak, (M * N + others) / BW)


# %% wrong="q7" slip="inputs and outputs are moved as well, and no pattern of the weights makes them fewer"
def gain(B, M, N, R_peak, BW):
    dense = max(2 * B * M * N / R_peak, 2 * M * N / BW)
    return dense / max(B * M * N / R_peak, M * N / 2 * (2 + 2 / 8) / BW)


# %% wrong="q7" slip="2 bits are a quarter of a byte"
def gain(B, M, N, R_peak, BW):
    others = 2 * (B * M + B * N)
    dense = max(2 * B * M * N / R_peak, (2 * M * N + others) / BW)
    return dense / max(B * M * N / R_peak, (M * N / 2 * (2 + 2) + others) / BW)


# %% [markdown]
# ## Done?
#
# `labcore grade my/05_sparsity.ipynb` grades this notebook: it takes your answer cells, runs them in a fresh kernel and
# adds up the points.
