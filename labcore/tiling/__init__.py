"""Blocked products: the tile that fits, what it moves, and what the roofline says of it.

`product` runs the loops and counts each access, `choice` finds the tile, `intensity` sets it under a roofline,
`levels` puts one tile inside another, `overlap` loads one while another computes, and `strategies` tells cutting from
reordering.
"""
