""" "Cost-performance analysis": Table 8 and the summary of the compute primitives."""
