"""Unlike units on one chip: who runs what, at which clock, how warm, and by when."""
