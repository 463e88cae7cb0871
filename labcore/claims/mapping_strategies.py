"""Which choice suits which network: lines 2062 to 2091, and the questions of set 6 about dataflow."""
