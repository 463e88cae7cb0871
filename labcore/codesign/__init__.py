"""A network and its accelerator, searched together, and both generated."""
