"""A vector processor that executes on numpy arrays and counts every instruction, element and byte."""
