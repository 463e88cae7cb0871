"""Language models served: requests, batches, the memory of their caches, and the clock.

`requests` are traces; `engine` is what an iteration costs on a chip; `batching` has the schedulers, `cache` the memory
for keys and values; `simulate` runs a trace iteration by iteration to a `run`, of which `metrics` asks; `closed_forms`
says what it must find.

`speculative` is the rule of drafting and checking and its laws, `speculative_decode` runs it on `toy_models`, and
`speculative_batch` on a chip; `experts` routes tokens to experts, `expert_parallel` is what they read and send;
`early_exit` is depth by token, by batch and by cache.
"""
