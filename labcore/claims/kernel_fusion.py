"""Intermediates that need not be written: lines 1875 to 1942, and the question of set 6 about fusion."""
