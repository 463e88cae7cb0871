"""Eras of specialization, from the floating-point coprocessor to AlexNet (lab 02)."""
