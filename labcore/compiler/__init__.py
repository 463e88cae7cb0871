"""From a tensor graph to code that runs: passes, memory plan, kernels, schedule, and what each of them saves."""
