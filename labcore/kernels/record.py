"""Run the races that figures draw, and keep them with the labs."""

from __future__ import annotations

from dataclasses import replace

from labcore.house import checkout, write_atomically
from labcore.kernels.blocked import tile_race
from labcore.kernels.orders import order_race
from labcore.kernels.raced import as_text, machine

RACES = {"orders": order_race, "tiles": tile_race}


def record(name: str, repeats: int = 9) -> str:
    """Write figures/data/races-NAME.json, NAME the processor's, with nothing else running; gives the file's text."""
    about = machine(f'python -c "from labcore.kernels.record import record; record({name!r})"')
    text = as_text({key: replace(run(repeats=repeats), machine=about) for key, run in RACES.items()})
    write_atomically(checkout("figures", "data", f"races-{name}.json"), text)
    return text
