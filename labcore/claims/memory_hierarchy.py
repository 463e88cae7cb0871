"""The memory hierarchy, the speed-of-light limit, on-chip and off-chip memory (lab 08)."""
