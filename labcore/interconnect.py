"""interconnect."""
