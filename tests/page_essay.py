"""Labs 21 to 23, entered a second time by hand: where their statements stand, what they print and give."""

IDS_BY_LINE = {}
PAGE = {}
ROUNDING = set()
ERRATA = set()
CITED = set()
OF_MACHINES = set()
TURNS = []
# Derived here from the page, in the printed unit, without labcore.
BY_HAND = {}
