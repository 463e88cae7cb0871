"""Language models served: requests, batches, the memory of their caches, and the clock.

`requests` are traces; `engine` is what a pass costs on a chip, from layers that are `affine` in what is in it, and
`passes` is what a server asks of any such machine; `batching` has the schedulers, `cache` the memory for keys and
values; `simulate` runs a trace through a `server` with its `writers` to a `run`, of which `metrics` asks, `occupancy`
draws the rows, and `closed_forms` says what it must find.

`speculative` is the rule of drafting and checking and its laws, `speculative_decode` runs it on `toy_models`,
`speculative_batch` on a chip, and `drafting` in a stream of requests; `experts` routes tokens to experts, `mixtures`
is what they read, `expert_parallel` what they send, in a stream, too; `early_exit` is depth by token, by batch and by
cache.
"""
