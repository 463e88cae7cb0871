"""A SIMT machine: warps that execute a kernel under a mask, the sectors they touch, and how many of them fit."""
