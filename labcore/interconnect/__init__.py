"""Links, and what happens when data cross them, from one transfer to a cluster that trains and fails.

One link: `link` is one message and paths of several links; `schedule` the four steps of a host-accelerator exchange as
intervals, in a row and overlapped; `paging` unified memory, whose pages migrate when they are touched.

Many chips: `network`, `allreduce` and `messages` run every message of an all-reduce, `collectives` is its cost in
closed form; `parallelism` what data, tensor and pipeline parallelism move, `pipeline` and `buckets` the last two in
time; `replicas` a step of data parallelism, overlapped or not; `splits` and `training` which split of a model fits and
how long a step takes; `failures` checkpoints and restarts; `packaging` yield and cost of one die, of several, and of a
wafer with spare cores.
"""
