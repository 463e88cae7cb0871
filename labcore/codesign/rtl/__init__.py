"""Accelerators as register transfers, generated from a template and a network of integers.

All of it but `cycles` and `rom` imports Amaranth: `labcore.codesign.toolchain.require("amaranth")` says so first.
"""
