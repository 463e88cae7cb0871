# %% [markdown]
# # 15 Compilers
#
# > The same network on the same GPU: one switch makes it several times as fast, and
# > nobody touched the model. What did the compiler do, and how much of it may we expect
# > for ours?
#
# Reading 45 min, doing 60 min.
#
# A framework hands over a network as a **graph**: each *node* is an operation, each edge
# a tensor that one node makes and another reads. Run as it stands, each node is one
# *kernel*, a program on the accelerator with a *launch* of its own. A compiler turns the
# graph into a plan: fewer kernels, better ones, a place for each tensor, an order, and a
# program. This lab has a small compiler that does all five, and says after each step what
# it saved.
#
# **You need before:** the roofline ([lab 09](09_roofline.ipynb)), layouts
# ([lab 12](12_layouts.ipynb)) and fusion ([lab 13](13_fusion.ipynb)).
#
# **You can do after:** say for a network and a batch how much each stage of a compiler
# gains; find the stage that makes it slower; plan where the tensors of a small graph lie.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import A100
from labcore.catalogue.links import LAUNCH
from labcore.claims.ledger import claims_at, departures
from labcore.compiler.cost import cost
from labcore.compiler.examples import worked_example
from labcore.compiler.networks import gpt2_block, mobilenetv2, resnet50, small_cnn
from labcore.compiler.passes.pipeline import PASSES, optimize
from labcore.compiler.run import random_inputs, run
from labcore.explore.predict import compare, predict
from labcore.plots.registry import show
from labcore.units import counted, format_si

# %% [markdown]
# ## Predict
#
# *ResNet-50* classifies images with 53 convolutions. Behind each stands a *batch
# normalization*, which shifts and scales each channel, and often a ReLU, $\max(x, 0)$. As
# a graph it takes 174 launches. The guesses use four more words. *Naive* runs each node
# by itself, in FP32, and waits after each; *compiled* is the whole plan. The *arena* is
# one block of memory for all tensors between the input and the output. The *rule* is a
# fixed one that chooses a kernel, here for one row of 1024 numbers times a 1024 x 1024
# matrix, launches not counted.

# %%
display(
    predict("15-launches", "ResNet-50: launches after the passes over its graph"),
    predict("15-batch-1", "ResNet-50 on an A100, batch 1: naive over compiled time", "x"),
    predict("15-batch-32", "The same at batch 32", "x"),
    predict(
        "15-arena", "ResNet-50 as defined: bytes of tensors apart over the arena", "x"
    ),
    predict(
        "15-rule", "One row, 1024 x 1024: rule's kernel over the best, no launch", "x"
    ),
    predict("15-felt", "Your machine, a small network: eager over compiled time", "x"),
)

# %% [markdown]
# ## By hand: eight kernels
#
# The graph is small, and all passes but the last find something in it: a convolution
# (`conv`), its batch normalization (`norm`), a ReLU that is asked for twice (`act`,
# `again`), their `sum` times a factor `gain` that is itself a product of two known
# numbers, and a Tanh (`watch`) that somebody once wanted to look at. All tensors have 4
# channels of 8 x 8: 256 numbers, 512 B at two bytes each.
#
# On paper first: which nodes need not run? Which may share a kernel? How many launches
# are left?

# %%
graph = worked_example(seed=1)
for node in graph.nodes:
    print(f"{node.name:>6} = {node.op}({', '.join(node.inputs[:2])}) {node.shape}")
after, reports = optimize(graph)
for report in reports:
    print(report.describe(A100))
    print("   ", "; ".join(report.did) or "nothing to do")
x = random_inputs(graph, seed=0)
same = np.allclose(run(graph, x)["y"], run(after, x)["y"], rtol=1e-5, atol=1e-6)
print(
    f"{cost(graph, A100).launches} launches, then {cost(after, A100).launches}; ", end=""
)
print(f"the same values: {same}; a launch takes {format_si(LAUNCH.value, 's')},", end=" ")
print(f"reading and writing 512 B {2e9 * 512 / A100.BW:.1f} ns")
show("graph-passes")

# %% [markdown]
# There are six *passes*, each from a graph to an equal graph:
#
# - **Constant folding** computes once what depends on known numbers alone.
# - **Common subexpressions**: what is computed twice from the same values runs once.
# - **Dead code**: what no wanted value depends on does not run.
# - **Batch normalization** behind a convolution is linear in inference, as the
#   convolution is: with $a = \text{scale} / \sqrt{\text{var} + \epsilon}$ the filter $w$
#   becomes $a w$ and one bias does the rest. The network is the same function; its
#   weights are not.
# - **Epilogues** join the convolution or product whose results they change element by
#   element, as in lab 13. (The folded convolution bears the name of what it replaced, so
#   the cell prints `act joins norm`.)
# - **Element-wise chains** join each other where no such kernel comes first.
#
# What a pass saves here is launches, 5 us each: ten thousand times as much as the 0.5 ns
# that the bytes of one node take. The order of the passes counts too. What happens when
# dead code goes last?

# %%
late = ["batch norm", "epilogues", "element-wise", "constants", "common", "dead code"]
for order in (list(PASSES), late):
    made, _ = optimize(graph, order)
    print(f"{', '.join(order)}:\n    {counted(len(made.nodes), 'kernel')}:", end=" ")
    print("; ".join(" + ".join(part.op for part in node.parts) for node in made.nodes))

# %% [markdown]
# While `watch` is there, the convolution has two readers, and neither folding nor fusing
# may take its result away. And both `relu` are inside one kernel before common
# subexpressions are looked for, while that pass compares whole nodes. A pass opens or
# closes the way for another; real compilers run some passes several times.
#
# ## Two kinds of compiler
#
# Table 23 sets a compiler of programs beside a compiler of networks. What is the
# difference in kind? Python's own compiler sees `x * 2 + x * 2` as steps in a row. It
# does not know what `x` is, so both products stay. Ours sees a graph of tensors whose
# operators it knows. (A C compiler would merge the two, and modern ones vectorize loops;
# the rows of the table are emphases, not walls.)

# %% name="table-23"
import dis

from labcore.compiler.graph import graph as make_graph

steps = list(dis.get_instructions(compile("y = x * 2 + x * 2", "a line", "exec")))
print("Python keeps", sum(one.opname == "BINARY_OP" for one in steps), "operations of 3")
twice = {"a": ("mul", "x", "two"), "b": ("mul", "x", "two"), "y": ("add", "a", "b")}
small = make_graph({"x": (1024,)}, twice, {"two": np.float32([2])})
merged = optimize(small, ["common"])[0]
print("after common subexpressions the graph has", len(merged.nodes))
whole = optimize(small)[0]
moved = [int(cost(one, A100).D_vol) for one in (small, merged, whole)]
print(f"bytes moved: {moved[0]:,}, merged {moved[1]:,}, as one kernel {moved[2]:,}")
claims_at("15_compilers#table-23")

# %% [markdown]
# The last pass saves no operation, only bytes and launches. That is what "data movement
# first" means in the table.
#
# ## At real size: passes over a network
#
# The cell compiles ResNet-50 as a framework defines it, and two more networks, for an
# A100 at batch 1. Each kernel takes the longer of its arithmetic and its bytes (the
# roofline), then 5 us for a launch. Before you run the cell: ResNet-50 has 53 batch
# normalizations, 49 ReLUs and 16 additions. Which of the numbers that it prints can you
# know beforehand?

# %% name="graph-passes"
nets = {"ResNet-50": resnet50, "MobileNetV2": mobilenetv2, "GPT-2 block": gpt2_block}
for name, make in nets.items():
    net = make()
    made, reports = optimize(net)
    before, compiled = cost(net, A100), cost(made, A100)
    print(f"{name}: {before.launches} launches, {format_si(before.T, 's', 3)}")
    for report in (one for one in reports if one.did):
        s = report.saved(A100)
        print(
            f"    {report.name}: {len(report.did)} changes, {s.launches} launches,",
            end=" ",
        )
        print(f"{format_si(s.D_vol, 'B', 3)}, {format_si(s.T, 's', 3)}")
    print("    nothing to do:", ", ".join(one.name for one in reports if not one.did))
    print(
        f"    left: {compiled.launches} launches, {format_si(compiled.T, 's', 3)},",
        end=" ",
    )
    print(f"{before.T / compiled.T:.2f} times as fast")

# %% [markdown]
# 174 launches less 53 is 121; less 49 and 16 is 56: one for each of 53 convolutions, the
# max pool, the mean and the dense layer. Counting nodes is enough to know it.
#
# ## Where the rule fails: published networks
#
# The chapter says that common subexpressions help "in models with residual connections".
# A residual network reads one value twice; it does not compute it twice. The pass finds
# nothing there, and dead code finds nothing either: a network that people publish is
# clean. The pass is for graphs that tools write, as where three projections each
# normalize the same input.
#
# ## Explore: which switch does it?
#
# The bars compare a network with itself as defined. Find (1) with both switches off,
# which of *Batch norms* and *Element-wise* alone saves more, and whether the second then
# still saves a launch; (2) the network that has nothing to fold; (3) a setting that is
# slower than no compiler at all; (4) from which batch on launches are less than a tenth
# of ResNet-50's compiled time, all passes on and *each waits*.

# %%
from labcore.explore.compiler import memory_explorer, pass_explorer, selection_explorer

pass_explorer()

# %% [markdown]
# (1) Fusing. Alone it leaves 56 launches: a batch normalization works element by element
# and rides along as well as a ReLU does. Folding then saves no launch and no traffic to
# speak of. It matters where a library's kernel takes one bias and one activation, and
# nothing else. (2) GPT-2's block. (3) Both switches off and layouts converted at each
# kernel: conversions are launches too. (4) From batch 66.
#
# ## Five stages
#
# Passes over the graph are the first of five stages. The cell runs them all on a small
# network and prints what each hands on: *kernel selection* a kernel for each node,
# *memory planning* an address for each tensor, *scheduling* a time, *code generation* a
# program. A node that only gives a tensor another shape, as before a dense layer, is a
# *view*: it launches nothing. A *streamed* kernel is one that is no product: it reads its
# inputs once.

# %% name="pipeline"
from labcore.compiler.codegen import compile_graph
from labcore.compiler.lifetime import lifetimes, live_bytes
from labcore.compiler.memory_plan import allocate
from labcore.compiler.schedule import critical_path, schedule
from labcore.compiler.select import by_cost, by_rule, candidates, lost
from labcore.interconnect.schedule import makespan

net = small_cnn(seed=1)
made = optimize(net)[0]
chosen = {k.name: by_cost(k.work, "A100", "fp16") for k in cost(made, A100).kernels}
plan = allocate(lifetimes(made))
when = schedule(made, {name: one.kernel.T for name, one in chosen.items()}, LAUNCH.value)
program = compile_graph(made, "numpy")
print(f"1 graph: {len(net.nodes)} nodes become {len(made.nodes)};", end=" ")
print(f"launched are {cost(net, A100).launches}, then {cost(made, A100).launches}")
print(f"2 kernels: {', '.join(sorted({one.name for one in chosen.values()}))}")
print(f"3 memory: {plan.apart:,} B apart, {plan.peak:,} B in one arena")
print(
    f"4 schedule: {len(when)} launches and kernels in {format_si(makespan(when), 's', 3)}"
)
print(f"5 code: a program of {len(program.source.splitlines())} lines")
claims_at("15_compilers#pipeline")

# %% [markdown]
# ## Which kernel?
#
# One product has many kernels: on the *vector units*, which multiply one number in a
# lane, or on the [tensor cores](../docs/glossary.md#tensor-core), which multiply small
# tiles; in blocks of 128 x 128 results or of 32 x 32; the inner size K in one piece or in
# parts that are added up. Three ways to choose:
#
# - **By rule**: no time is computed. Ours is that of footnote 39: tensor cores where
#   sizes are multiples of 16, with the usual block of 128 x 128.
# - **By cost**: predict each candidate's time and take the least.
# - **By profile**: run them all and take the fastest, as in *Your machine* below.
#
# What can a rule lose? An A100 has 108 multiprocessors, and in this model each works on
# one block at a time (a real one may hold several). One row of 1024 columns makes 8
# blocks of 128: 100 multiprocessors idle. The cell takes three products by themselves.

# %%
from labcore.compiler.kernel_cost import gemm_space
from labcore.ops import matmul

print(f"configurations of one product on an A100: {len(gemm_space('A100', 'fp16')):,}")
for M, N in ((1, 1024), (4096, 4096), (4096, 1000)):
    op = matmul(M, N, N)
    rule, best = by_rule(op, "A100", "fp16"), by_cost(op, "A100", "fp16", L_launch=0.0)
    print(f"({M}, {N}) @ ({N}, {N}): by rule {rule.name}, {rule.why}")
    print(f"    best {best.name}, {best.kernel.name}; by rule", end=" ")
    print(f"{rule.kernel.T / best.kernel.T:.2f} times as long,", end=" ")
    print(f"{lost([rule], [by_cost(op, 'A100', 'fp16')]) + 1:.2f} with launches counted")

# %% [markdown]
# The rule answers two questions, which unit and which block. So the next cell asks twice
# what it loses over whole networks, launches counted: as it is, and where it chooses only
# the unit and the block goes by cost.

# %% name="selection"
from labcore.compiler.waterfall import operations

for name, make in nets.items():
    for batch in (1, 32):
        work = operations(optimize(make(batch=batch))[0], "fp16").values()
        rule = [by_rule(op, "A100", "fp16") for op in work]
        best = [by_cost(op, "A100", "fp16") for op in work]
        least = sum(one.kernel.time(LAUNCH.value) for one in best)
        ways = [candidates(op, "A100", "fp16") for op in work]
        unit = sum(w[r.name].time(LAUNCH.value) for w, r in zip(ways, rule, strict=True))
        print(f"{name}, batch {batch}: loses {100 * lost(rule, best):.1f} %;", end=" ")
        print(f"choosing the unit alone {100 * (unit / least - 1):.1f} %")
display(show("kernel-choice"))
claims_at("15_compilers#selection")

# %% [markdown]
# Footnote 39 says that heuristics "can miss 10 to 30 percent". As the choice of a unit
# the rule does about that, or less. With a fixed block it loses far more on convolutional
# networks, whose late layers are small, and little on a transformer at a large batch,
# whose products are large and even. A rule is as good as the shapes that it was made for.
#
# The model has no alignment. At FP16 the rows of a matrix begin at multiples of 16 B only
# if their length is a multiple of 8, as 1000 is and 1025 is not. A real kernel of the
# tensor cores loads other rows in smaller pieces, and takes longer at 1025 than is shown
# here.
#
# ## Explore: one more column
#
# Find (1) what the rule does at K = 1024 and at 1025, and what the best kernel does; (2)
# a shape whose best kernel cuts K in parts; (3) at K = N = 4096, what the rule loses at
# 1024, 2048, 2049 and 4096 rows, typed into the box, and why that does not fall steadily.
# (Blocks of 128 x 128 over 108 multiprocessors: how many rounds?)

# %%
selection_explorer()

# %% [markdown]
# (1) At 1025 the rule falls back to the vector units, while the best kernel takes about
# the same time as at 1024. (2) Few results and a long K: 64 rows, K = 4096 and N = 64
# have their best kernel with K in 8 parts. (3) 20, 0, 20 and 4 %. The blocks number 256,
# 512, 544 and 1,024, so they take 3, 5, 6 and 10 rounds; where the last round is nearly
# empty, the rule loses most.

# %% [markdown]
# ## Where does each tensor lie?
#
# A tensor is *live* from the node that writes it to the last that reads it. Two tensors
# that are never live together may share bytes. By hand: `a` of 4 B is live at steps 0 and
# 1, `b` of 2 B at 1 and 2, `c` of 4 B at 2 and 3. How many bytes does one arena need? At
# least as many as are live at one step; no plan beats that *bound*. Placing the largest
# first, each in the smallest gap that holds it, reaches it here. The cell's last lines
# ask the same of a network, whose tensors may each have a place of their own, or whose
# element-wise nodes may write their result over an input that nobody reads again. What is
# left to share then?

# %%
from labcore.compiler.lifetime import Buffer

three = [Buffer("a", 4, 0, 1), Buffer("b", 2, 1, 2), Buffer("c", 4, 2, 3)]
plan = allocate(three)
print(f"live at each step: {live_bytes(three)} B;", end=" ")
print(f"offsets {plan.offsets}, arena {plan.peak} B")
for title, buffers in (
    ("each tensor its own", lifetimes(resnet50(), in_place=False)),
    ("written over where nobody reads again", lifetimes(resnet50())),
):
    plan = allocate(buffers)
    apart, arena = format_si(plan.apart, "B", 4), format_si(plan.peak, "B", 4)
    print(f"ResNet-50 as defined, {title}:")
    print(
        f"    {apart} apart, {arena} in one arena, {plan.apart / plan.peak:.1f} times less"
    )

# %% [markdown]
# How near do plans come to the bound? The cell places the tensors of three networks in
# three orders. In no plan may two buffers *clash*, that is, share bytes while both are
# live.

# %% name="memory-plan"
from operator import attrgetter

from labcore.explore.compiler_memory import STRATEGIES

by_bytes = attrgetter("nbytes")
for name, make in nets.items():
    buffers = lifetimes(optimize(make())[0])
    live = live_bytes(buffers)
    at = live.index(max(live))
    most = max((one for one in buffers if one.first <= at <= one.last), key=by_bytes)
    print(
        f"{name}: bound {format_si(max(live), 'B', 4)}, at step {at + 1} of {len(live)},"
    )
    print(f"    with {most.name} of {format_si(most.nbytes, 'B', 4)};")
    plans = {words: allocate(buffers, way) for words, way in STRATEGIES.items()}
    over = [f"{words} {100 * plan.over:.1f} %" for words, plan in plans.items()]
    wrong = sum(len(plan.clashes()) for plan in plans.values())
    print(f"    over it: {', '.join(over)}; pairs that clash: {wrong}")
show("memory-plan")

# %% [markdown]
# The best plan is hard to find in general (the problem is NP-hard), yet on all three
# networks two simple orders reach the bound: *largest first*, and *busiest step first*,
# which takes the step with most live bytes, places its tensors, then the next. One or two
# wide tensors set the bound, early on in the convolutional networks and at the scores of
# the attention in GPT-2's block; the rest fits beneath. *As the run asks* is what an
# allocator does that learns of each tensor when it is asked for: it does not know what
# comes, and pays for that. (Steps count nodes, and one more for the outputs.)
#
# ## Explore: the room that a network needs
#
# Find (1) which order misses the bound, and in which network most, as defined and after
# the passes; (2) whether passes lower the bound or only the number of buffers, with
# *Writing over* allowed and forbidden; (3) what the batch changes.

# %%
memory_explorer()

# %% [markdown]
# (1) *As the run asks*: as defined by 44.4 % in ResNet-50, after the passes by 23.5 % in
# GPT-2's block. (2) With writing over allowed the passes lower neither. With it forbidden
# they lower both in the convolutional networks, ResNet-50's bound from 9.634 to 7.225 MB.
# (3) All bytes grow with the batch, so the shares stay.
#
# ## Which layout?
#
# A 4-D tensor lies channels first (NCHW) or channels last (NHWC), as in
# [lab 12](12_layouts.ipynb). Tensor cores take the channels of a pixel together, so a
# dense convolution wants NHWC; an input that lies otherwise is *converted*, read and
# written once by a kernel of its own. Most other nodes take either. Which tensors should
# be converted? Each node gets one of two labels, and each edge between two labels costs a
# conversion: a *minimum cut* finds the cheapest labels exactly.

# %%
from labcore.compiler.passes.layout import assign_layouts, conversions, convert_per_kernel

for name, make in {"ResNet-50": resnet50, "MobileNetV2": mobilenetv2}.items():
    for title, net in (("as defined", make()), ("after the passes", optimize(make())[0])):
        each, planned = convert_per_kernel(net)[0], assign_layouts(net, A100)[0]
        many, few = (len(list(conversions(one))) for one in (each, planned))
        T, T_each, T_planned = (cost(one, A100).T for one in (net, each, planned))
        print(f"{name} {title}: {many} conversions cost", end=" ")
        print(f"{100 * (T_each / T - 1):.1f} %,", end=" ")
        print(f"planned: {few}, {100 * (T_planned / T - 1):.1f} %")

# %% [markdown]
# Fused, ResNet-50's convolutions follow each other directly, and few conversions are left
# even where nobody plans. MobileNetV2 has a depthwise convolution between any two dense
# ones. There, converting at each kernel costs two thirds of the time again. In a plan the
# images are converted once and all else follows.
#
# ## When does it run?
#
# The CPU launches kernels; it may go *ahead* while earlier ones run. Two *streams* run
# kernels side by side where neither waits for the other. How much is there to gain? The
# longest chain of kernels that wait for each other bounds it.
#
# And does a memory plan that was made for one stream hold for two? The cell's last lines
# ask that of GPT-2's block at batch 32.

# %%
from labcore.compiler.live_in_time import lifetimes_in_time
from labcore.compiler.memory_plan import MemoryPlan

ways = {"each waits": {"ahead": False}, "ahead": {}, "two streams": {"streams": 2}}
for name, make in nets.items():
    for batch in (1, 32):
        made = optimize(make(batch=batch))[0]
        T = {kernel.name: kernel.T for kernel in cost(made, A100).kernels}
        ends = {
            w: makespan(schedule(made, T, LAUNCH.value, **how)) for w, how in ways.items()
        }
        ends |= {"longest chain": critical_path(made, T)}
        said = ", ".join(f"{what} {format_si(end, 's', 3)}" for what, end in ends.items())
        print(f"{name}, batch {batch}: {said}")
first = allocate(lifetimes(made, in_place=False))  # of GPT-2's block, the last one
for knows, plan in (("knows no places", None), ("waits for bytes", first)):
    when = schedule(made, T, streams=2, plan=plan)
    live = tuple(lifetimes_in_time(made, when))
    clashes = MemoryPlan(live, first.offsets, "planned first").clashes()
    print(f"    two streams, {knows}: {format_si(makespan(when), 's', 4)},", end=" ")
    print("clashes:", clashes or "none")

# %% [markdown]
# At batch 1 the CPU cannot keep up: going ahead helps little while a kernel takes less
# than its launch. (CUDA Graphs are the usual cure: a run's launches are recorded once and
# replayed with one call, at less time for each; the lab does not model them.) At batch 32
# launches vanish behind kernels. Streams gain little either way, as these networks are
# nearly chains. (What a second stream gains here is the most that it can: both kernels
# are taken to run as fast as alone.)
#
# The memory plan does not hold: two streams keep more tensors live together, and pairs
# would write over each other. So whoever plans memory first, as the chapter's five stages
# do, has the schedule wait for bytes as well as for inputs, and loses part of what the
# streams gain; planned behind the schedule, places suit its times but cannot shape them.
# Compilers exist of both kinds.
#
# ## The program
#
# The last stage writes code. Ours writes Python: for reading with numpy, one statement a
# kernel, and for running with loops that *numba* compiles to machine code. Both keep
# tensors at their planned offsets. What is left of the eight nodes?

# %% name="codegen"
from labcore.catalogue.compilers import A100_FP16_VECTOR
from labcore.compiler.codegen import TOLERANCE

made = optimize(graph)[0]
for target, mark in (("numpy", "# conv2d"), ("numba", "def kernel_0")):
    lines = compile_graph(made, target).source.splitlines()
    first = next(i for i, line in enumerate(lines) if mark in line)
    print("\n".join(lines[first : first + (3 if target == "numpy" else 11)]))
vector = {"fp32": A100.peak("fp32"), "fp16": A100_FP16_VECTOR.value}
for on, off in (("fp16", "fp32"), ("tf32", "fp32"), ("fp16", "fp16")):
    print(f"an A100's tensor cores at {on} over its vector units at {off}:", end=" ")
    print(f"{A100.peak(on) / vector[off]:.0f}x")
claims_at("15_compilers#codegen")

# %% [markdown]
# Two runs of `relu` stand in the line for numpy: it was merged in the graph, and its text
# is written at each use. The loop for numba computes it once, `t1`.
#
# Our CPU code has no tensor cores to forget. On a GPU, code without them is slower by one
# of the ratios above, whatever the earlier stages did. The chapter's order of magnitude
# changes both the unit and the format; for one format it is less. Other machines cost the
# compiler more time: the last line of the table is the time to build for an FPGA, whose
# code is a circuit.
#
# Is the program right? It sums in another order than the reference, so it is compared
# within a stated tolerance of the largest magnitude, on four graphs. The last was written
# by PyTorch's exporter: `import_onnx` takes a file of yours the same way.

# %%
from labcore.compiler.networks import decoder_block
from labcore.compiler.onnx_import import import_onnx
from labcore.house import checkout

cases = {
    "worked example": graph,
    "small CNN": small_cnn(seed=1),
    "transformer block": decoder_block(1, 16, 32, 4, seed=1),
    "PyTorch's file": import_onnx(checkout("tests", "exported", "pytorch_cnn.onnx")),
}
for name, one in cases.items():
    made, reports = optimize(one)
    x = random_inputs(one, seed=0)
    want, got = run(one, x), compile_graph(made)(x)
    off = max(np.abs(want[y] - got[y]).max() / np.abs(want[y]).max() for y in want)
    did = [f"{len(report.did)} {report.name}" for report in reports if report.did]
    print(
        f"{name}: {len(one.nodes)} nodes become {len(made.nodes)} ({', '.join(did)});",
        end=" ",
    )
    print(f"within {TOLERANCE:g}: {bool(off < TOLERANCE)}")

# %% [markdown]
# ## All together: the waterfall
#
# The chapter's example takes ResNet-50 from 47 to 8 ms, "from compilation alone", and
# calls the values illustrative. It names no chip, no batch and no precision. Here is what
# our model gives for an A100. Before you look: which stage takes off most at batch 1, and
# which at batch 32?
#
# *Naive* is slower here than in the section on passes. There every number has two bytes
# and a convolution is one kernel. Here it starts in FP32, a kernel of its own writes each
# convolution's patches to memory ([im2col](../docs/glossary.md#im2col)), some products
# add up parts of K in a second kernel, and the images are copied from the host first.
# FP16 on tensor cores brings launches again: conversions of layout, before and after each
# convolution. Planned, only the images are converted. In the last two lines the CPU
# launches ahead, and the next images are copied in while these are computed.

# %% name="waterfall"
from labcore.compiler.waterfall import gain
from labcore.plots.compiler_waterfall import stages

display(show("compile-waterfall"))
for batch in (1, 32):
    steps = {one.name: one for one in stages(batch)}
    naive, fp32 = steps["naive"], steps["kernels"]
    print(f"batch {batch}: {gain(stages(batch)):.2f}x; naive, launches are", end=" ")
    print(f"{100 * naive.T_launch / naive.T:.0f} % of the time,", end=" ")
    print(f"kernels {100 * naive.T_kernels / naive.T:.0f} %;")
    print("    in FP32, with every launch and the copy of the images hidden,", end=" ")
    print(f"{naive.T / fp32.T_kernels:.2f}x at most")
claims_at("15_compilers#waterfall")

# %% [markdown]
# The printed 5.9x lies below both of ours. Three things make it larger or smaller.
#
# - **The batch.** At batch 1 launches are most of the naive time, and what makes fewer of
#   them wins. At batch 32 the kernels themselves are, and the tensor cores win.
# - **The numbers.** At batch 32 more than half of the time saved goes with FP16. That
#   changes the arithmetic, if not the model: results are rounded to 11 bits. Without it
#   the compiler alone gives what the lines above say, and no more.
# - **What naive means.** Ours writes every convolution's patches to memory. Against a
#   framework that calls a good library from the start, much of the gain is not there.
#
# The next cell asks the same of other networks.

# %%
from labcore.compiler.waterfall import waterfall

gains = {}
for name, make in {"MobileNetV2": mobilenetv2, "small CNN": small_cnn}.items():
    for batch in (1, 32):
        steps = {one.name: one for one in waterfall(make(batch=batch))}
        gains[name, batch] = gain(list(steps.values()))
        slower = steps["tensor cores"].T / steps["kernels"].T
        print(f"{name}, batch {batch}: {gains[name, batch]:.2f}x;", end=" ")
        print(f"tensor cores before layouts: {slower:.2f} times as long")
print(f"the most over the least: {max(gains.values()) / min(gains.values()):.1f}")
for one in waterfall(small_cnn()):
    print(f"small CNN, batch 1, {one.name}: {format_si(one.T, 's', 3)},", end=" ")
    print(f"{one.launches} launches that take {format_si(one.T_launch, 's', 3)}")

# %% [markdown]
# So 5.9x is a gain that a network may have, and no gain to expect of any: from a small
# network at batch 1 to MobileNetV2 at 32 it differs by a factor of 6.6.
#
# ## Where the rule fails: one switch at a time
#
# "Use tensor cores" makes MobileNetV2 at batch 1 twice as slow, and gains nothing at
# batch 32, until the layout is planned: it buys arithmetic, which was not missing, with
# conversions. At batch 1 the time of the small network is launches and the copy of its
# image, so a stage changes it only as it changes the number of launches. Choosing kernels
# saves three launches, those of im2col; tensor cores bring six conversions; layouts take
# five of these away again, and with FP16 the network is still slower than it was without.
# Stages pay only together, so measuring one switch at a time misleads.
#
# ## Your machine
#
# The cell runs the small network as it is, node by node in numpy (*eager*), and compiled
# by numba, on images of several sizes and one thread. Your CPU has no launches, but each
# numpy call costs a microsecond or so whatever it computes. The prediction comes from the
# two ends. At the smallest image calls are all there is, and 12 launched nodes become 5.
# At the largest it is arithmetic, which is the same in both. The line between follows
# from a time per call and a time per FLOP.

# %% tags=["nbval-ignore-output"]
# not compared with what is stored: these are measurements of a machine, maybe yours
from labcore.compiler.host_kernels import conv_ways
from labcore.compiler.select import by_profile
from labcore.measure.compute import blas_threads
from labcore.plots.compiler_felt import felt, races

rng = np.random.default_rng(0)
for name, C, kernel, groups in (
    ("1 x 1", 64, 1, 1),
    ("3 x 3", 64, 3, 1),
    ("depthwise", 64, 3, 64),
):
    x = rng.standard_normal((1, C, 28, 28), np.float32)
    w = rng.standard_normal((C, C // groups, kernel, kernel), np.float32)
    with blas_threads(1):
        found = by_profile(conv_ways(x, w, padding=kernel // 2, groups=groups))
    times = ", ".join(f"{way} {format_si(T, 's', 3)}" for way, T in found.times.items())
    print(f"{name}: {found.name} ({times})")
raced = races()
display(
    felt(raced),
    compare("15-felt", raced[16].ratio, "x"),
)

# %% [markdown]
# Where the prediction fails, its one price for every call is the reason: a convolution in
# numpy makes many calls inside, a ReLU one; and the eager version moves each tensor
# again. The lines above the picture choose **by profile**: every way that this machine
# has for a convolution, timed: *strided view* is numpy's own sum over a view of all
# patches that copies nothing. A rule would take the special way where there is one. Does
# it win here?
#
# ## What a plan assumes
#
# All of this was decided before the first input. A plan has one shape in it. Requests
# come at batches from 1 to 128, and a plan for 128 run with one request does all of its
# work. A kernel chosen for one number of rows and run with another loses too.

# %% name="to-runtime"
from labcore.runtime.tiles import SILICON, choose, regret

on = SILICON["A100"]
for planned in (1, 128, 8192):
    tile = choose(planned, 4096, 4096, on).tile
    lose = [
        f"{regret(rows, 4096, 4096, tile, on):.2f} at {rows}" for rows in (1, 128, 8192)
    ]
    print(f"tile for {planned} rows: times as long as the best, {', '.join(lose)}")
claims_at("15_compilers#to-runtime")

# %% [markdown]
# No tile is best for all. The runtime of the next lab chooses again when it sees the
# shape.
#
# ## Settled
#
# Your predictions, the statements of the section that do not reproduce, and what the
# chapter's own questions state. (`sc7-q5` prints the sides of two square products, one
# that arithmetic binds and one that memory binds. Computed are their intensities, of the
# first in FP16, of the second in FP32; on an A100's tensor cores they say the same.)

# %% name="self-check"
net = resnet50()
plan = allocate(lifetimes(net, in_place=False))
one = by_rule(matmul(1, 1024, 1024), "A100", "fp16").kernel.T
one /= by_cost(matmul(1, 1024, 1024), "A100", "fp16", L_launch=0.0).kernel.T
display(
    compare("15-launches", cost(optimize(net)[0], A100).launches),
    compare("15-batch-1", gain(stages(1)), "x"),
    compare("15-batch-32", gain(stages(32)), "x"),
    compare("15-arena", plan.apart / plan.peak, "x"),
    compare("15-rule", one, "x"),
)
found = departures("15_compilers")
print("departs from the print:", ", ".join(one.claim.id for one in found) or "nothing")
claims_at("15_compilers#self-check")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. What does a compiler save most by rewriting the graph of a network? (a)
#    Multiplications. (b) Bytes moved, and launches. (c) Weights. (d) Instructions inside
#    a loop. A letter.
# 2. Stages: 1 rewrite the graph, 2 choose kernels, 3 give buffers addresses that they
#    share, 4 schedule kernels on two streams, each as soon as its inputs are there,
#    whatever lies where, 5 write code. An order in which no buffer is overwritten while
#    it is needed? Five numbers in a text, such as `"1 2 3 4 5"`.
# 3. Twelve convolutions, each with a batch normalization and a ReLU; behind every second
#    the input of the pair is added and another ReLU follows. Launches before and after
#    all passes, as a pair.
# 4. A product with 1024 x 1024 results in blocks of 128 x 128, K in one piece, on an A100
#    (108 multiprocessors). How many multiprocessors get no block?
# 5. Buffer a of 6 B is live at steps 0 and 1, b of 4 B at 1 and 2, c of 6 B at 2 and 3, d
#    of 2 B from 1 to 3. The least bytes of one arena?
# 6. A product of 256 x 256 by 256 x 256 in FP32. Its intensity in FLOP/B?
# 7. A plan for 64 rows runs ten times: nine times with one request, once full. What
#    percentage of the rows that were computed did nobody ask for?

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("compiler-1", ...),
    selfcheck("compiler-2", ...),
    selfcheck("compiler-3", ...),
    selfcheck("compiler-4", ...),
    selfcheck("compiler-5", ...),
    selfcheck("compiler-6", ...),
    selfcheck("compiler-7", ...),
    progress("compiler"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/15_compilers.ipynb](../my/15_compilers.ipynb), from dead code to a
#   memory plan and a layout of your own; your copy lies in `my/` once JupyterLab was
#   opened with `make lab`.
# - **At work:** `labcore roofline your_model.onnx --on A100 --batch 1` says which layers
#   of your network wait for memory; `import_onnx` above gives it to the compiler.
# - **Read:** [Chen et al. (2018)](../docs/references.md#chen2018), "TVM", sections 3 to
#   5, for graph passes and kernels by cost model;
#   [Pisarchyk and Lee (2020)](../docs/references.md#pisarchyk2020) for the two orders of
#   placing.
# - **Next:** [lab 16](16_runtimes.ipynb) runs such plans against requests that do not
#   keep to them.
