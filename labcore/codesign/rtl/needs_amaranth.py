"""Imported first by every file that needs Amaranth: without it, one line says how to get it and what still works."""

from labcore.codesign.toolchain import require

require("amaranth")
