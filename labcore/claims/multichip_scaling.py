""" "Multi-Chip Scaling": all-reduce, efficiency and what a cluster costs in time."""
