"""The chapter's opening: what acceleration and co-design are, and what they gain (lab 01)."""
