"""Unlike units on one chip: who runs what, at which clock, how warm, and by when.

`unit` a processor and a stage, `pipeline` the chapter's detection pipeline, `plan` and `partition` who runs what,
`fallback` operators an accelerator lacks; `dvfs` clocks and voltages, `thermal` heat in time; `bus` and `shares`
masters on one DRAM, `realtime` deadlines on one processor; `micro` the microcontroller with its micro-NPU.
"""
