"""Accelerators as register transfers, generated from a template and a network of integers.

All of it but `cycles` and `rom` needs Amaranth; without it an import raises MissingTool, whose one line says how to get
it and what works all the same.
"""
