"""The AI memory wall: energy, balance, divergence (lab 08)."""
