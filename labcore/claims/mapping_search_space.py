"""How many mappings there are, and one reordering that moves 36 times less: lines 1602 to 1681."""
