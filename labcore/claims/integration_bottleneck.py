"""Table 1, the integration bottleneck and the anatomy of an accelerator (lab 02)."""
