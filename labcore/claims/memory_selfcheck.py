"""What the memory section's self-check states (lab 08)."""
