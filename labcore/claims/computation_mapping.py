"""Placement, allocation and what each costs when it is chosen badly: the chapter's lines 1534 to 1598."""
