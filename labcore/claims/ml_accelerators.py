"""What makes a machine learning accelerator, and the energy it saves (lab 02)."""
