"""An accelerator's runtime in simulated time: streams, copies, memory, kernels chosen by shape, and what is late."""
