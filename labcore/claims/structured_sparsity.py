"""Structured sparsity: N:M patterns and Figure 7."""
