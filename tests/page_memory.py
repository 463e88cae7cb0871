"""Lab 08 without its transfers, entered a second time by hand: where its statements stand, what they print and give."""

IDS_BY_LINE: dict[int, str] = {}
ROUNDING: set[str] = set()
ERRATA: set[str] = set()
CITED: set[str] = set()
BY_HAND: dict[str, object] = {}
TURNS: list[tuple[str, dict[str, object]]] = []
OF_MACHINES: set[str] = set()  # truths that machines or networks decide, with no input to turn
PAGE: dict[str, str] = {}
