"""How MLPs, CNNs and transformers load the memory system (lab 08)."""
