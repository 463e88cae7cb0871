"""Systolic dataflow: Figure 8, Table 5, the 2 x 2 example."""
