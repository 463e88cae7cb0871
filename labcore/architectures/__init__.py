"""Kinds of accelerators compared: what each bets on, which workloads it suits, and where it stalls."""
