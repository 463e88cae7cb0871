""" "Compiler Support": from a graph to code, lines of Table 23 and footnotes 39 and 40."""
