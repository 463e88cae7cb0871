# %% [markdown]
# # 22 LLM serving
#
# > We rent eight GPUs for a chat service. The benchmark says 2,800 tokens a second. Users
# > say that the first word takes 8 seconds. Which knob: batching, chunked prefill, pages,
# > how the GPUs are split, speculation?
#
# Reading 30 min, doing 90 min.
#
# A language model does two jobs in turn. It reads a prompt, all tokens at once, and it
# writes an answer, one token at a time. A **server** does both for many people, on one
# machine, and decides before every pass who takes part. This lab simulates such a server
# pass by pass, each pass timed by the roofline of the chip, and holds the simulation
# against formulas where there are any.
#
# **You need before:** the roofline ([lab 09](09_roofline.ipynb)), queues
# ([lab 16](16_runtimes.ipynb)), what several chips pay for working together
# ([lab 17](17_multichip.ipynb)), the [KV cache](../docs/glossary.md#kv-cache)
# ([lab 20](20_can_you_run_it.ipynb)).
#
# **You can do after:** say from a complaint which knob to try, and why a benchmark and a
# service disagree; compute what a decode step, a batch and a draft cost; read a curve of
# waiting against load and find its knee.

# %%
import numpy as np
from IPython.display import display
from labcore.catalogue import H100
from labcore.claims.ledger import claims_at, departures
from labcore.explore.predict import compare, predict
from labcore.plots.registry import show
from labcore.serving.batching import Chunked, Continuous, Static
from labcore.serving.engine import Clock, engine
from labcore.serving.metrics import first_token, gaps, goodput, summary
from labcore.serving.occupancy import gantt
from labcore.serving.requests import at_once, geometric, requests
from labcore.serving.simulate import simulate
from labcore.units import format_si

# %% [markdown]
# ## Predict
#
# *8B* and *70B* are Llama 3 with so many parameters, in 16 bits. A **pass** (or
# iteration) takes tokens through the whole model once. *Prefill* is the pass that reads a
# prompt, a *decode step* one that writes a token for each sequence in the batch. The
# *time to the first token* runs from asking; a *gap* is the time from one token to the
# next. A *static* batch is filled, run until its longest answer ends, and only then
# replaced; a *continuous* one lets the next request in as soon as one has ended. In
# *speculative decoding* a small model drafts a few tokens and the large one checks them
# in one pass. An *expert* is one of several alternatives in a layer, of which each token
# takes a few. A *row* is a place in the batch.

# %%
display(
    predict("22-step", "8B on an H100: a decode step of one sequence", "ms"),
    predict("22-gain", "Continuous over static, batches of 64, answers of random length",
            "x"),
    predict("22-reserved", "Chats of 300 + 200 tokens on the mean reserve 8192 each: share "
            "wasted", "%"),
    predict("22-split", "70B, 400 requests at once: tokens/s of two servers of four GPUs "
            "over one of eight", "x"),
    predict("22-draft", "Batch of 256, drafts of 3, each kept with 0.8 and a quarter of a "
            "step: speed over plain decoding", "x"),
    predict("22-experts", "Each token takes 2 of 8 experts: smallest batch that needs 7.9 "
            "on the mean", ""),
    predict("22-wait", "70B on eight H100, three chats a second, after the right knob is "
            "turned: mean wait for the first word", "s"),
)  # fmt: skip

# %% [markdown]
# ## By hand
#
# Llama 3 8B has 8.03 billion parameters, two bytes each. For each token it keeps keys and
# values: 32 layers, 8 heads of 128, twice, two bytes. An H100 reads 3.35 TB/s and
# multiplies at 989 TFLOP/s; take 70 % of the first and 50 % of the second as what is
# reached. On paper: the bytes that one decode step reads, its time; the FLOP of a prompt
# of 2048 tokens (two for each parameter and token), its time. Which of the two would a
# chip with twice the arithmetic make faster?

# %% name="prefill-decode-served"
llama = engine("llama3-8b", H100)
n = 2048
# time; and tokens, rows of the head, pairs of query and key, tokens in the cache
phases = {
    f"prompt of {n}": (llama.prompt(n), (n, 1, n * (n + 1) // 2, n)),
    "step of 1": (llama.step(1, n), (1, 1, n, n)),
    "step of 64": (llama.step(64, n), (64, 64, 64 * n, 64 * n)),
}
print(f"weights {format_si(llama.weights, 'B', 4)}, a token {llama.kv_token:,.0f} B")
print(f"room for {llama.room:,} tokens; ridge {H100.ridge('fp16'):.0f} FLOP/B;", end=" ")
print(
    f"kept free {llama.given.reserve:.0%}, launch {format_si(llama.given.T_launch, 's')}"
)
for name, (T, held) in phases.items():
    flop, D_vol = llama.work(1, *held)
    print(f"{name}: {format_si(flop, 'FLOP', 3)}, {format_si(D_vol, 'B', 3)},", end=" ")
    print(f"{flop / D_vol:.0f} FLOP/B, {format_si(T, 's', 3)}")
claims_at("22_llm_serving#prefill-decode-served")

# %% [markdown]
# Your numbers differ a little from these. Here a prompt goes through the head with its
# last token only; activations are bytes, too; a kernel lasts at least 5 us; and a tenth
# of the memory is kept free.
#
# The two phases lie on either side of the ridge. A prompt is bound by arithmetic. A step
# is bound by bytes: one sequence reads all the weights for one token (all but the
# embeddings, a row for each token there is, of which it takes one). And 64 sequences read
# *the same* weights: the step takes about twice as long for 64 times the tokens, and most
# of what it takes more are the 64 caches, which nobody shares. That is what batching
# lives on, and where it ends.
#
# ## Three requests, two rows
#
# A server has two rows, and a pass takes one second, whoever is in it. Three requests
# come at once, with answers of 5, 2 and 3 tokens; the pass that reads the prompt gives
# the first token. Draw both rows for a static batch and for a continuous one. When is
# the last token out?
#
# The figure below has eight requests, with the passes of the H100: prompts make a pass
# longer, and number 5 has a prompt of 4000 tokens. What happens to the others while it is
# read?


# %% name="serving-timeline"
def rows_of(run):
    """Each row of the batch, a sign for a second: who is in it, a dash while it idles."""
    for row in sorted({one.engine for one in gantt(run).events}):
        letters = [" "] * round(run.makespan)
        for one in gantt(run).events:
            who = "-" if one.what == "idle" else "ABC"[int(one.stream)]
            if one.engine == row:
                letters[round(one.start) : round(one.end)] = who * round(
                    one.end - one.start
                )
        yield f"{row}: {''.join(letters)}"


three = requests(at_once(3), prompt=10, answer=[5, 2, 3])
for how in (Static(2), Continuous(2)):
    run = simulate(three, Clock(T_pass=1.0), how)
    print(
        f"{type(how).__name__}, {run.makespan:.0f} s, as many passes:",
        *rows_of(run),
        sep="\n    ",
    )
show("serving-timeline")

# %% [markdown]
# In the static batch B's row stands idle for three seconds, and C waits. In the figure
# the continuous batch is done much sooner, but while request 5 is read nobody gets a
# token. With **chunked prefill** a pass has a budget of tokens: those who write take
# theirs first, and a long prompt is read in pieces, over several passes. It costs the
# long prompt a little and spares the others the stall. (Its pieces fill each pass, so 6
# waits although a row is free.)
#
# ## What batching gains
#
# How much does the idle row cost on the mean? Say that an answer may end after every
# token, each time with the same probability. A static batch of $B$ lasts as long as its
# longest answer. With all running the first ends after $1/B$ of a mean, with one less
# the next after $1/(B-1)$ more, and so on. So it lasts $H_B = 1 + 1/2 + \dots + 1/B$
# means, and a continuous batch, which is always full, makes $H_B$ times the tokens in
# that time. Batches of 64: how much?

# %% name="batching-reuse"
from labcore.serving.closed_forms import batching_gain, harmonic

print(" B    H_B  whole tokens  simulated, with 95 % interval")
for B in (2, 8, 32):
    found = []
    for seed in range(16):
        job = requests(at_once(100 * B), 1, geometric(100 * B, mean=20, seed=seed))
        found.append(B * simulate(job, Clock(1.0), Static(B)).makespan / job.tokens)
    half = 2.131 * np.std(found, ddof=1) / np.sqrt(len(found))  # Student's t, 15 degrees
    print(f"{B:2} {harmonic(B):6.2f} {batching_gain(B, 20):13.2f}", end="  ")
    print(f"{np.mean(found):.2f} +- {half:.2f}")
print(f"B = 64: {harmonic(64):.2f}")
display(show("batching-gain"))
claims_at("22_llm_serving#batching-reuse")

# %% [markdown]
# Answers are whole tokens, at least one, so for a mean of 20 the gain is a little below
# $H_B$. The formula needs answers that *differ*: with equal lengths the gain is 1, for any
# batch, and a benchmark may have just these.
#
# ## At real size
#
# The service of the question has 70B on eight H100, which work on every layer together
# ([tensor parallelism](../docs/glossary.md#tensor-parallelism)). The benchmark hands in
# 256 equal requests at once, prompts of 512 tokens and answers of 200. The service has
# three requests a second, at random; most prompts are short and a few long, answers are
# of 200 on the mean. The server batches statically: it waits for 64 requests or for one
# second, whichever comes first. *p99* is the time within which 99 of 100 are served,
# *p50* the median.

# %%
from labcore.explore.serving_queue import chat, engine_of

eight = engine_of("70B on eight H100")
fixed = Static(64, timeout=1.0)
bench = summary(simulate(requests(at_once(256), 512, 200), eight, fixed))
service = summary(simulate(chat(3.0, 600), eight, fixed))
prompts = chat(3.0, 600).prompt
print(f"prompts: median {np.median(prompts):.0f}, mean {prompts.mean():.0f},", end=" ")
print(f"longest {prompts.max()} tokens")
for name, one in (("benchmark", bench), ("service", service)):
    print(f"{name}: {one.tokens_rate:,.0f} tokens/s, batch {one.batch:.0f},", end=" ")
    print(f"first token after {one.first_mean:.2f} s, p99 {one.first_p99:.1f}")
first = eight.prompt(400)
alone = first + 199 * eight.step(1, 500)
print(f"one request alone: {first:.3f} s to the first token, {alone:.2f} to all")
together = 1
for _ in range(30):  # who comes while a batch runs is the next one
    T = harmonic(together) * 200 * eight.step(together, 700)
    together = round(3.0 * T)
print(f"by H_B: batches of {together} that last {T:.1f} s; half of that is {T / 2:.1f} s")
n_read = 728 * together
T_read = eight.time(n_read, together, n_read * (728 + 1) // 2, n_read)
print(f"    one pass that reads {together} prompts of 728 tokens: {T_read:.2f} s")

# %% [markdown]
# Both numbers of the question, from the same server. The benchmark's requests are equal,
# so a static batch loses nothing, and it keeps 64 rows full. (Its requests wait, too;
# nobody asks.) In the service there is not too much work: 12 rows are in use on the mean.
# Users wait for *somebody else's longest answer*: who comes while a batch runs is let in
# when all of it has ended. The formula says how long that is: a batch of $n$ writes for
# $200 H_n$ steps, and those who come meanwhile are the next batch. That settles at 34
# requests and 11.4 s. One waits half of it, 5.7 s, and then 1.3 s more, since the pass
# that gives the first word reads the prompts of all 34; alone it would take 0.03 s. The
# rest of the 8.3 s is what the estimate leaves out: batches last longer by that pass, and
# more requests come during the long ones.

# %%
mended = {"static": service}
for name, how in (("continuous", Continuous(256)), ("chunked", Chunked(256, 512))):
    mended[name] = summary(simulate(chat(3.0, 600), eight, how))
for name, one in mended.items():
    print(
        f"{name:10} first token {one.first_mean:6.3f} s, p99 {one.first_p99:6.3f};",
        end=" ",
    )
    print(
        f"gap p99 {1e3 * one.gap_p99:3.0f} ms; {one.tokens_rate:.0f} tokens/s,", end=" "
    )
    print(f"batch {one.batch:.0f} on the mean")

# %% [markdown]
# That was the knob for this complaint. Continuous batching takes the mean wait from 8.3 s
# to 0.06 s, at no fewer tokens: three requests a second ask for no more. It has a price,
# the gaps: 1 % of the tokens come after 55 ms and more, because a neighbour's prompt was
# read in the same pass. With chunks that is 33 ms, and first tokens come a hair later.
# "Chat wants small batches, offline work large ones" is true of static batches. A
# continuous one is as large as the load makes it.
#
# ## Explore: the queue
#
# The targets are: 95 % of first tokens within 1 s and 99 % of gaps within 50 ms. A static
# batch waits one second to be filled, as above. For 8B on an H100 and a batch of up to
# 64, find (1) the highest rate that each scheduler carries, and which target breaks
# first; (2) whether smaller chunks are always better; (3) what chunks of 512 carry with a
# batch of 8, and of 256; (4) with a batch of 64 again, which of the five servers carries
# least with continuous batching, and what chunks of 512 make of it.
#
# The cell after the explorer prints the answers, and draws the wait against the load for
# three schedulers. The **knee** of such a curve is the last rate drawn at which the first
# word takes at most three times as long as at one request a second. Where is it?

# %%
from labcore.explore.serving import queue_explorer

queue_explorer()

# %% name="serving-tradeoff"
from labcore.explore.serving_queue import SCHEDULERS, SERVERS, most, served

for name in SCHEDULERS:
    print(f"8B on an H100, {name}: up to {most('8B on an H100', name, 64)} a second")
for batch in (8, 256):
    carried = most("8B on an H100", "chunks of 512", batch)
    print(f"    chunks of 512, batch of {batch}: up to {carried} a second")
for name in SERVERS:
    carried = [most(name, how, 64) for how in ("continuous", "chunks of 512")]
    print(f"    {name}: continuous {carried[0]}, chunks of 512 {carried[1]}")
for name in ("continuous", "chunks of 2048"):
    lasts, count = gaps(served("8B on an H100", name, 9, 64))
    print(
        f"nine a second, {name}: longest gap {format_si(lasts.max(), 's', 3)},", end=" "
    )
    print(f"{count[lasts > 0.05].sum() / count.sum():.2%} of them above 50 ms")
four = engine_of("70B on four H100")
for name in ("70B on four H100", "8B on an A100"):
    T = format_si(engine_of(name).prompt(512), "s", 2)
    print(f"    {name}: {T} for 512 tokens of prompts")
show("serving-tradeoff")

# %% [markdown]
# **What is to be found.** (1) The static server carries no rate: who comes first waits
# the whole second for others, which is the target already, and whoever comes later waits
# for a batch to end. Continuous batching fails by its gaps, long before the chip is full.
# (2) No: chunks of 2048 take most prompts whole and make of a very long one several gaps
# above 50 ms instead of one that is longer still (the target counts how many, not how
# long), and chunks of 128 read the weights so often that prompts queue up. (3) With a
# batch of 8 requests wait while the chip has time. (4) With 70B on four GPUs a prompt of
# 512 tokens takes 48 ms, so nearly every longer one breaks the second target, and chunks
# are what makes it usable. On an A100 chunks of 512 make it worse: a pass with them takes
# 49 ms before anybody writes in it, and there is one for every prompt.
#
# In the figure, left of the knee more load costs little, for the batch grows and the
# weights are shared by more. Far right of it requests come faster than the server can
# serve them, and the queue grows as long as they come. (Here 300 come, which is why the
# static curve levels off.) The knee is at 18 a second for the two continuous curves. It is
# not a target: the static server has one, too, at four a second, where the first word
# takes 3.4 s, and its curve does not even bend there. A *service-level target* is a level
# line across such a picture, and the rate where the curve crosses it is what you can sell.
# A benchmark that hands in all at once measures the far right, where no user would stay.
#
# ## Memory in pages
#
# Who is in the batch holds keys and values, and nobody knows how long an answer will be.
# *Reserving* sets the longest aside for everyone; an *oracle* would know each length and
# set that aside. *Pages* give 16 tokens at a time, as a sequence reaches them. By hand:
# 16 GB for caches at 131,072 B a token; prompts of 300 and answers of 200 on the mean.
# How many chats run at once, if each reserves 8192 tokens? How many in pages? (In the
# batch are mostly long answers: they stay longer. A sequence holds 300 + 200 - 1 tokens
# on the mean, not 300 + 100.)

# %% name="kv-pages"
from labcore.serving.closed_forms import mean_filled, paged_waste, reserved_waste

room = int(16e9 // llama.kv_token)
print(f"{room:,} tokens: {room // 8192} chats of 8192;", end=" ")
print(f"{room / mean_filled(300, 200):.0f} in pages, without waste")
waste = {
    "reserve 8192": reserved_waste(300, 200, 8192),
    "an oracle": reserved_waste(300, 200),
    "pages of 16": paged_waste(300, 200, 16),
    "pages of 256": paged_waste(300, 200, 256),
}
print("wasted:", ", ".join(f"{name} {x:.1%}" for name, x in waste.items()))
show("kv-waste")

# %% [markdown]
# Even the oracle wastes 28 %: it sets aside at once what fills up bit by bit. (The figure
# is another load, with more memory and prompts of many lengths; its shares differ.)
#
# ## Explore: memory
#
# A hundred requests come at once, all with prompts of 300 tokens. Find (1) how many times
# the tokens a second pages make of a reservation, with 4 GB and with 64 GB; (2) with 16
# GB, whether pages of 256, 288, 320 and 512 waste more than the oracle, and why 320 is
# better than 288; (3) a memory so small that pages put somebody out, and whether the
# oracle is then faster.

# %%
from labcore.explore.serving import memory_explorer

memory_explorer()

# %%
from labcore.explore.serving_memory import numbers

for GB in (2, 4, 64):
    by = {way: numbers(way, GB, 16, 200) for way in ("pages", "reserve the longest")}
    oracle, paged = numbers("reserve what it needs", GB, 16, 200), by["pages"]
    ratio = paged.tokens_rate / by["reserve the longest"].tokens_rate
    print(f"{GB:2} GB: pages {ratio:.2f} times the reservation,", end=" ")
    print(f"{paged.tokens_rate / oracle.tokens_rate:.2f} times the oracle,", end=" ")
    print(f"{paged.preempted} put out")
sizes = (128, 256, 288, 320, 512)
wasted = {page: numbers("pages", 16, page, 200).wasted for page in sizes}
wasted["the oracle's"] = numbers("reserve what it needs", 16, 16, 200).wasted
print("wasted, pages of", ", ".join(f"{page}: {x:.0%}" for page, x in wasted.items()))

# %% [markdown]
# **What is to be found.** (1) Where memory binds, pages are worth several times the
# tokens; where it does not, nothing: with 64 GB the reservation holds enough to keep the
# chip busy. (It is even a little ahead: in pages all hundred prompts are read first, so
# the longest answer begins later.) (2) At 288 and 512 they do, at 256 a little less, and
# 320 is well below: a page of 320 holds the whole prompt and the first 20 tokens of the
# answer, while 288 needs a second page for the last 12 tokens of the prompt. Large pages
# waste as much as guessing the length would. (3) When no page is free the last to come is
# **preempted**: it gives up its pages, and is read again later. With 4 GB the oracle,
# which never has to, is a little faster. With 2 GB it is slower, although pages put 31
# out: it lets in so few that reading again costs less than its empty rows.
#
# And in our incident? Eight H100 have room for 1.3 million tokens, and the batch holds
# nine chats. Pages change nothing there: another complaint, another knob.
#
# ## How to split eight GPUs
#
# All eight on each layer read the weights eight times as fast, and add up their parts
# over the links twice in each layer. Two servers of four do less of the latter. Which has
# the shorter step, and which makes more tokens?

# %% name="tensor-parallel"
split = {}
for chips in (2, 4, 8):
    one = engine("llama3-70b", H100, chips)
    job = requests(at_once(400 * chips // 8), 512, 200)  # a server's part of 400
    run = summary(simulate(job, one, Continuous(400)))
    split[chips] = 8 // chips * run.tokens_rate
    print(f"{8 // chips} of {chips}: step {1e3 * one.step(1, 700):4.1f} ms,", end=" ")
    print(f"room {one.room:9,}, batch {run.batch:3.0f} each:", end=" ")
    print(f"{split[chips]:,.0f} tokens/s on eight GPUs")
print(f"two of four over one of eight: {split[4] / split[8]:.2f}")
for rate in (3.0, 20.0):
    for chips in (4, 8):
        one = engine("llama3-70b", H100, chips)
        run = summary(simulate(chat(rate * chips / 8, 600), one, Chunked(256, 512)))
        print(f"{rate:.0f} a second on {8 // chips} of {chips}: first token", end=" ")
        print(f"{run.first_mean:.2f} s, {1e3 * run.per_token:.0f} ms a token")
show("tensor-parallel-serving")

# %% [markdown]
# Twice the chips do not halve the step: adding up takes its time however many there are,
# and small kernels last no less than their launch. At light load one server of eight is
# faster for each user. At twenty a second it has the longer queue, and with 400 requests
# at once two of four make 1.19 times its tokens. Four servers of two are worst of all.
# Beside the weights each has room for 8,819 tokens, so the batch stays small and the
# weights are read for few. The figure has FP8 on H200, where one chip holds the model:
# there a chip more always makes a step shorter, and is worth the fewer tokens the slower
# the link is.
#
# ## Speculative decoding
#
# A step of one sequence reads all weights for one token; with a few tokens it would read
# no more. So let a small *draft* model propose $\gamma$ tokens and let the *target* check
# them in one pass. The rule: a token that the draft drew with probability $q$ and the
# target gives $p$ is kept with probability $\min(1, p/q)$. The first that is not kept is
# replaced by a draw from what $q$ had too little of, $\max(0, p - q)$, and those behind it
# are dropped; where all are kept, the target adds one of its own. By hand:
# $p = (1/2, 1/2)$, $q = (3/4, 1/4)$. What comes out, and how often is the draft kept?
# The cell computes it in fractions. In a text each place has its own $p$, by what stands
# before it, so the cell then lets the target say something else after a 1, and sums over
# all that can happen in three tokens.

# %% name="speculative"
from fractions import Fraction

from labcore.serving.speculative import acceptance, output_distribution, residual
from labcore.serving.speculative_decode import own_probabilities, sequence_probabilities

half, third = Fraction(1, 2), Fraction(1, 3)
p, q = (half, half), (Fraction(3, 4), Fraction(1, 4))
print(f"kept {acceptance(p, q)}, then from {[str(x) for x in residual(p, q)]}:", end=" ")
print(f"out comes {[str(x) for x in output_distribution(p, q)]}")
wrong = output_distribution(p, q, replacement=lambda p, q: p)
print(f"a plausible slip, replaced from p itself: {[str(x) for x in wrong]}")


def target(tokens):
    """Probabilities of the next token, 0 or 1."""
    return (1 - third, third) if tokens[-1] else p


whole = sequence_probabilities(target, lambda tokens: q, gamma=2, length=3, prompt=[0])
same = whole == own_probabilities(target, 3, prompt=[0])
print(f"{len(whole)} texts of 3 tokens, drafts of 2: all as probable as alone: {same}")
claims_at("22_llm_serving#speculative")

# %% [markdown]
# So the output has the target's distribution, for *any* draft. A poor draft costs speed,
# never quality. With a probability $\alpha$ of keeping, a round makes
# $1 + \alpha + \dots + \alpha^\gamma$ tokens. The next cell holds this law against two toy
# models of letters, made from a speech, of which the target looks back three letters and
# the draft one; and against a chain that has an easy half, in which the draft is always
# right, and a hard one, and seldom goes from one to the other.

# %% name="speculative-speedup"
from labcore.serving.speculative import expected_tokens
from labcore.serving.speculative_decode import decode, tokens_per_round
from labcore.serving.toy_models import SPEECH, NGram, text_of, tokens_of, train

speech = tokens_of(SPEECH)
long, short = train(speech, order=3), train(speech, order=1)
run = decode(long, short, gamma=4, count=4000, prompt=speech[:3], seed=22)
law = expected_tokens(run.acceptance, 4)
print(f"letters kept {run.acceptance:.0%}, {run.tokens_a_round:.2f} a round;", end=" ")
print(f"the law says {law:.2f}")
print(f"'{text_of(run.tokens[:60])}'")
easy, hard = [0.49, 0.49, 0.01, 0.01], [0.01, 0.01, 0.97, 0.01]
P = np.array([easy, easy, hard, [0.01, 0.01, 0.01, 0.97]])
Q = np.array([easy, easy, [0.25] * 4, [0.25] * 4])
made = decode(NGram(P), NGram(Q), gamma=4, count=20_000, prompt=[0], seed=22)
print(f"a chain with a hard half: {made.tokens_a_round:.2f} a round, exactly", end=" ")
print(f"{tokens_per_round(P, Q, 4):.2f};", end=" ")
print(f"by the law {expected_tokens(made.acceptance, 4):.2f}")
show("speculative-speedup")

# %% [markdown]
# The law takes every position to be equally hard, and for the letters that is near
# enough. Where easy and hard stretches come in clumps it promises too much: a round ends
# in the hard half, and the next begins there.
#
# Time decides, not tokens. With $c$ the time of a draft's step and $v$ that of the check,
# both in steps of the target, a round takes $\gamma c + v$. For one sequence $v = 1$,
# since bytes bind. In a batch of $B$ the check brings $B (\gamma + 1)$ rows to the
# matrices, and at some batch arithmetic binds.
#
# ## Explore: speculation
#
# Find (1) the best draft length for one sequence and for a batch of 128, kept with 0.8, a
# quarter of a step each; (2) the acceptance from which on any draft of a quarter of a
# step pays; (3) for drafts of 3, what a context of 8000 changes in a batch of 128, and
# which batch it rules out. (The figure above is another machine, FP8 on two H200, with
# drafts of a fifth of a step.)

# %%
from labcore.explore.serving import speculation_explorer

speculation_explorer()

# %%
from labcore.explore.serving_speculation import best, fits, gain

for B in (1, 64, 128, 256):
    suits = best(0.8, 0.25, B, "700")
    print(f"(1) batch {B}: drafts of {suits},", end=" ")
    print(f"{gain(0.8, 0.25, suits, B, '700'):.2f} times as fast")
pays = next(a / 20 for a in range(21) if best(a / 20, 0.25, 1, "700"))
print(f"(2) one sequence: from {pays:.2f} on, in steps of 0.05")
for B, contexts in ((128, ("700", "8000")), (256, ("700",))):
    found = (f"context {one} {gain(0.8, 0.25, 3, B, one):.2f}" for one in contexts)
    print(f"(3) batch {B}, drafts of 3: {', '.join(found)}")
print(f"    256 sequences of 8000 tokens fit: {fits(256, '8000')}")

# %% [markdown]
# **What is to be found.** (1) Three tokens for one sequence, one for a batch of 128.
# Batching and speculation compete for one thing, arithmetic that stands idle while weights
# are read: a batch of 256 leaves nothing, and drafts of 3 make it slower. (2) From 0.30: a
# draft pays where it is kept more often than it costs, $\alpha > c$. (3) Long contexts
# bring some of the gain back, for no two sequences share a cache, and reading it takes the
# longer the more there are. But room binds as well: 256 sequences of 8000 do not fit.
#
# That was a batch of a fixed size. In a service drafts change the batch: who is served
# faster leaves sooner. So let the server of the incident draft, with 8B on the same GPUs.
# Each round's tokens are drawn, the prompts are read by the draft, too, and tokens under
# check count in the 512 of a pass. Will drafts help at twenty a second?

# %%
from labcore.serving.drafting import Drafts
from labcore.serving.speculative import work_ratio
from labcore.serving.speculative_batch import gain as by_law
from labcore.serving.speculative_batch import last_batch

small = engine("llama3-8b", H100, 8)
drafts = Drafts(small, alpha=0.8, gamma=3)
for rate in (0.2, 3.0, 20.0):
    chats, how = chat(rate, 600), Chunked(256, 512)
    runs = [simulate(chats, eight, how, drafts=one) for one in (None, drafts)]
    slow, fast = (summary(one) for one in runs)
    law = by_law(eight, small, 0.8, 3, max(1, round(slow.batch)), 700).speedup
    plain, ahead = 1e3 * slow.per_token, 1e3 * fast.per_token
    print(f"{rate:4.1f} a second: {plain:.1f} to {ahead:.1f} ms a token,", end=" ")
    print(f"{plain / ahead:.2f} times as fast (law {law:.2f});")
    print(f"    first token {slow.first_mean:.2f} to {fast.first_mean:.2f} s,", end=" ")
    print(f"batch {slow.batch:.1f} to {fast.batch:.1f}")
for name, one in zip(("without", "with"), runs, strict=True):
    reads = one.iterations[one.iterations["prompt"] > 0]
    T, tokens = reads["T"], reads["prompt"].sum()
    print(f"    {name} drafts: {1e3 * T.mean():.0f} ms a pass with prompts,", end=" ")
    print(f"{tokens / T.sum():,.0f} tokens of them a second")
print(f"some draft pays up to a batch of {last_batch(eight, small, 0.8, 700)};", end=" ")
print(f"drafts of 3 take {work_ratio(0.8, 3, 8 / 70):.2f} times the FLOP a token")

# %% [markdown]
# With few users the stream gains nearly what the law says for its batch; a little is lost
# since drafts do not shorten the passes that read somebody's prompt. At twenty a second a
# token is twice as fast, more than the law has, and the first word comes after 10 s
# instead of 1.7. Prompts bind there: 728 tokens twenty times a second are more than is
# read even without drafts. With them a pass takes longer, for three passes of the draft
# and for what the draft reads, and has less room for prompts beside the tokens under
# check. So prompts are read a third slower, fewer chats write at once, and those few write
# fast. The wait has moved from between the words to before the first.
#
# ## Experts
#
# In a *mixture of experts* a layer has $E$ of them and a token takes $k$. A token
# computes like a small model. But a batch reads the weights of every expert that
# *somebody* takes, $E (1 - (1 - k/E)^B)$ if all are equally likely. Mixtral has 8 and
# takes 2. How many does a batch of 8 read?
#
# The second cell asks two more questions. A server may give each expert a fixed number of
# places, its fair share and a quarter more, and drop what finds them taken: how much is
# that? And what does a stream make of it, which sets the batch by itself? It has Mixtral on
# two H100; weights, arithmetic and links are counted, caches are not.

# %% name="experts"
from labcore.serving.experts import expected_touched, imbalance, loads
from labcore.serving.mixtures import against_dense, mixture

print("  B  experts of Mixtral: law, simulated   bytes over a dense model of that work")
models = [mixture(name) for name in ("Mixtral 8x7B", "DeepSeek-V3")]
for B in (1, 4, 8, 64, 256):
    simulated = np.mean((loads(300, B, 8, 2, seed=22) > 0).sum(axis=1))
    print(f"{B:3} {expected_touched(B, 8, 2):22.2f} {simulated:11.2f}", end="   ")
    print("  ".join(f"{m.name} {against_dense(m, B):.1f}" for m in models))
for B in (8, 64, 512):
    busiest = {skew: imbalance(loads(300, B, 8, 2, skew, 22)).mean() for skew in (0, 0.5)}
    print(f"batch {B}: busiest expert {busiest[0]:.2f} of the mean,", end=" ")
    print(f"{busiest[0.5]:.2f} where some are popular")
all_but = next(B for B in range(1, 99) if expected_touched(B, 8, 2) >= 7.9)
print(f"7.9 of 8 experts from {all_but} tokens on")
display(show("experts-touched"))
claims_at("22_llm_serving#experts")

# %%
from labcore.interconnect.collectives import chip_link
from labcore.serving.expert_parallel import Mixed
from labcore.serving.experts import capacity, expected_dropped
from labcore.serving.mixtures import batch_for

for B in (8, 64, 512):
    print(f"batch {B}: {capacity(B, 8, 2, 1.25)} places an expert,", end=" ")
    print(f"{expected_dropped(B, 8, 2, 1.25):.1%} dropped")
mixtral = Mixed(models[0], H100, 2, chip_link("NVLink 4"))
for rate in (0.2, 2.0, 20.0):
    one = summary(simulate(chat(rate, 300), mixtral, Chunked(256, 512)))
    print(f"{rate:4.1f} a second: {1e3 * one.per_token:.1f} ms a token,", end=" ")
    print(f"{one.tokens_rate:,.0f} tokens/s, batch {one.batch:.1f}")
for m in models:
    binds = batch_for(m, H100.ridge("bf16"))
    print(f"{m.name}: arithmetic binds from {binds:,} tokens on")

# %% [markdown]
# One token is served like a small model. Sixteen read all of Mixtral, and do a small
# model's arithmetic with it; DeepSeek-V3 with its 256 experts goes on reading more up to
# hundreds. Chance makes some expert busier than the mean, less so in large batches (the
# 1.35 of the claim is another draw of the 1.33); popularity does not even out. Experts on
# different chips turn that imbalance into waiting, and every token into two messages a
# layer. Drops are a matter of small batches.
#
# In the stream company has a price that a dense model does not know: with two chats a
# second instead of one in five seconds a token takes more than twice as long, for the four
# who share the server read most of the experts. (The 70B model above went from 13.2 to
# 14.5 ms.) Beyond that, more users cost little, and arithmetic binds late: a dense model
# would come there at 295 tokens.
#
# ## Early exit
#
# A token that is sure of itself after 16 of 32 layers could leave there. Half of them do.
# Alone that saves a quarter of the layers. In a batch?

# %% name="early-exit"
from labcore.serving import early_exit

hazard = early_exit.exits_at(32, {16: 0.5})
rows = H100.ridge("fp16")  # a row has 2 FLOP for 2 B of a weight: so many bind arithmetic
for B in (1, 2, 8, 64, 400, 4096):
    batches = 2000 if B < 100 else 20
    deepest = early_exit.depths(hazard, batches, B, seed=22).max(axis=1).mean()
    layers = early_exit.expected_batch_depth(hazard, B)
    gains = early_exit.batch_speedup(hazard, B, rows)
    print(f"batch {B:4}: {layers:5.2f} layers run (simulated {deepest:5.2f}),", end=" ")
    print(f"{gains:.2f} times as fast")
print(f"arithmetic binds from {rows:.0f} rows on")
filled = early_exit.filled_depth(hazard, 100)
print(f"one sequence of 100 tokens: {filled:.1f} layers a token, missing keys included")
claims_at("22_llm_serving#early-exit")

# %% [markdown]
# A batch goes on as long as one token does: at 8 the gain is gone. It comes back where
# arithmetic binds, since rows that left need none: on an H100 it begins at 295 rows, and
# at 400 it is not half of what it was. And even one sequence loses it in time: who leaves
# early writes no keys in the layers above, a later token that goes deeper needs them, and
# they are computed then.
#
# Speculation, experts and exits have something in common. Each spares one sequence what a
# batch would have shared anyway, so what helps one helps a batch less.
#
# ## Where the rule fails
#
# "Continuous batching, chunks and pages" is the rule today. Three cases break it: prompts
# with heavy tails, bursts, and a storm of short prompts with long answers.

# %%
from labcore.serving.cache import Paged, Reserved
from labcore.serving.requests import lognormal, poisson

print("heavy tails: first tokens, 12 requests a second")
for sigma, median in ((0.0, 728), (1.0, 400), (1.5, 220)):
    prompt, answer = lognormal(600, median, sigma, 60_000, 1), geometric(600, 200, 2)
    job = requests(poisson(600, 12.0, seed=3), prompt, answer)
    T = np.quantile(first_token(simulate(job, eight, Chunked(256))), (0.5, 0.99))
    print(f"    mean prompt {prompt.mean():.0f}, longest {prompt.max():6,}:", end=" ")
    print(f"p50 and p99 {T[0]:.2f} and {T[1]:.2f} s")
print("bursts: 8 a second on the mean")
for burst in (1, 8, 32):
    T = np.median(first_token(simulate(chat(8.0, 600, burst), eight, Chunked(256))))
    print(f"    in groups of {burst}: first token p50 {T:.2f} s")

# %%
print("a storm: 60 short prompts at once, answers of 1000 each, 70B on two H100")
two, job = engine("llama3-70b", H100, 2), requests(at_once(60), 50, 1000)
for name, way in (("pages", Paged()), ("oracle", Reserved())):
    run = simulate(job, two, Continuous(60), way)
    one, worst = summary(run), gaps(run)[0].max()
    out = run.stays["request"][run.stays["preempted"]]
    print(f"    {name}: done in {run.makespan:.0f} s, {len(set(out))} put out", end=" ")
    print(f"{len(out)} times,", end=" ")
    print(f"{one.read_again:,} tokens read again, longest gap {worst:.0f} s")

# %% [markdown]
# **Heavy tails.** The queue is first come, first served, and prompts are read in that
# order. A giant holds up all behind it: the mean prompt grows by a tenth, and p99
# eightfold. Chunks protect those who write, not those who wait; for them it takes another
# order. **Bursts.** Of a group of 32 most wait for their companions. No scheduler can help
# that, only spare chips.
#
# **A storm.** All 60 fit when they come, since pages look only at what is there, and then
# all grow. Most are put out, some again and again. It is still faster than an oracle that
# lets in few: reading again is cheap beside steps that are nearly empty. But somebody
# looked at a half-written answer for 107 s, while the tokens a second say that all is
# well.
#
# ## Back to the question
#
# The cell turns all knobs on the service of the question; a row that begins with *and*
# keeps what is above it. *Kept* is the share of chats with the first word within a second
# and at most 50 ms a token on the mean.

# %%
knobs = {
    "as rented": (eight, fixed, Paged(), 1, None),
    "static, batch of 16": (eight, Static(16, 1.0), Paged(), 1, None),
    "static, reserving 8192": (eight, fixed, Reserved(8192), 1, None),
    "static, two of four": (four, fixed, Paged(), 2, None),
    "continuous": (eight, Continuous(256), Paged(), 1, None),
    "and chunks of 512": (eight, Chunked(256, 512), Paged(), 1, None),
    "and two of four": (four, Chunked(256, 512), Paged(), 2, None),
    "chunks, drafts of 3": (eight, Chunked(256, 512), Paged(), 1, drafts),
}
print(f"{'3 requests a second':24} first token  p99       a token   gap p99   kept")
for name, (where, how, way, servers, ahead) in knobs.items():
    run = simulate(chat(3.0 / servers, 600), where, how, way, ahead)
    one = summary(run)
    times = one.first_mean, one.first_p99, one.per_token, one.gap_p99
    print(f"{name:24}", "  ".join(f"{format_si(T, 's', 3):>9}" for T in times), end="  ")
    print(f"{goodput(run, first=1.0, each=0.05) / one.requests_rate:5.0%}")

# %% [markdown]
# The complaint was the first word, and one knob answers it: let requests join a running
# batch. Smaller static batches make it worse, since a queue builds up; pages and the
# split are not what is missing. Where gaps are the complaint, try chunks; where it is
# tokens a second with many at once, two servers of four; where it is one user's speed at a
# small load, speculation. And ask for a benchmark with random lengths and arrivals, at your
# rate, and for percentiles.
#
# ## Your machine
#
# Your computer has no part here: [lab 20](20_can_you_run_it.ipynb) timed a small network
# by batch on it, which is the reuse of weights that all of this rests on. Your service
# has one. Its log has what a simulation needs: when a request came, tokens of the prompt,
# tokens of the answer. Put your lines in place of these four.

# %%
from labcore.serving.requests import read_trace

LOG = """time,prompt,answer
2026-03-02 09:00:00.0,310,180
2026-03-02 09:00:00.4,2900,40
2026-03-02 09:00:00.5,120,260
2026-03-02 09:00:01.9,450,90"""
for name, how in (("static", fixed), ("chunks of 512", Chunked(256, 512))):
    one = summary(simulate(read_trace(LOG), llama, how))
    print(f"{name}: first token {one.first_mean:.3f} s on the mean,", end=" ")
    print(f"{1e3 * one.per_token:.1f} ms a token")

# %% [markdown]
# ## Settled
#
# The cell has your predictions beside what was computed, and names what does not come out
# as printed among the statements on serving of the essay that lab 21 follows.

# %% name="self-check"
display(
    compare("22-step", 1e3 * llama.step(1, n), "ms"),
    compare("22-gain", harmonic(64), "x"),
    compare("22-reserved", 100 * waste["reserve 8192"], "%"),
    compare("22-split", split[4] / split[8], "x"),
    compare("22-draft", gain(0.8, 0.25, 3, 256, "700"), "x"),
    compare("22-experts", all_but),
    compare("22-wait", mended["continuous"].first_mean, "s"),
)
gone = departures("22_llm_serving")
print("departs from the print:", ", ".join(one.claim.id for one in gone) or "none")

# %% [markdown]
# ## Self-check
#
# Put your answer in place of a `...` and run the cell. The feedback names the slip.
#
# 1. Llama 3 8B has 32 layers and 8 heads of 128 for keys and values. How many bytes does
#    a token keep in FP16?
# 2. Answers of exponential length, requests always wait, a pass costs the same however
#    full it is. How many times the throughput of static batches of 4 has continuous
#    batching?
# 3. Drafts of 4 tokens, each kept with 0.8 if those before it were. Tokens of a round?
# 4. The same round; a draft's step takes a tenth of the target's, checking takes one. How
#    many times as fast as plain decoding is it?
# 5. The draft proposes a word that it gives 0.5; the target gives it 0.2. With which
#    probability is it kept?
# 6. Each token takes 2 of 8 experts, all equally likely. How many do 4 tokens touch
#    together, on the mean?
# 7. Of 32 layers half of the tokens could leave after 16. How many does a batch of 8 run,
#    on the mean? Two decimals.
# 8. Prompts are now read in chunks. What changes? (a) The memory of a prompt's keys and
#    values. (b) Answers under way stall less, the prompt's own first token comes a little
#    later. (c) Fewer FLOP for a prompt. (d) Every first token comes sooner. A letter.

# %%
from labcore.grading.selfcheck import progress, selfcheck

display(
    selfcheck("serving-1", ...),
    selfcheck("serving-2", ...),
    selfcheck("serving-3", ...),
    selfcheck("serving-4", ...),
    selfcheck("serving-5", ...),
    selfcheck("serving-6", ...),
    selfcheck("serving-7", ...),
    selfcheck("serving-8", ...),
    progress("serving"),
)

# %% [markdown]
# ## Onward
#
# - **Exercise:** [my/22_llm_serving.ipynb](../my/22_llm_serving.ipynb), about an hour,
#   from the bytes of a token to the rule that keeps or replaces a draft. Your copy lies
#   in `my/` once JupyterLab was opened with `make lab`; check it with
#   `labcore grade my/22_llm_serving.ipynb`.
# - **At work:** `labcore can-i-run llama3-70b --on H100 --chips 8 --batch 9 --context 728`
#   for one batch of fixed size, then the cell above with your log.
# - **Read:** [Yu et al. (2022)](../docs/references.md#yu2022), "Orca", for batches that
#   requests join and leave; [Kwon et al. (2023)](../docs/references.md#kwon2023), for a
#   cache in pages; [Agrawal et al. (2024)](../docs/references.md#agrawal2024),
#   "Sarathi-Serve", for chunks;
#   [Leviathan, Kalman and Matias (2023)](../docs/references.md#leviathan2023), for
#   drafts that change nothing.
# - **Next:** [23 Co-design](23_codesign.ipynb) designs the network and its accelerator
#   together.
