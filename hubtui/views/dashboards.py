"""The list of dashboards that can be opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from hubtui.services.dashboards import Found, Offers
from hubtui.views.cells import SIGN_NOW, Cell, Tone, cell, join
from hubtui.views.grid import table
from hubtui.views.table import Column

COLUMNS: Final = (
    Column("title", "DASHBOARD", 24, grow=True),
    Column("source", "FROM", 9),
    Column("place", "WHERE", 20, grow=True, rank=1),
    Column("uid", "UID", 16, rank=2),
)


def found_cells(found: Found) -> tuple[Cell, ...]:
    """One line of the list; what cannot be opened says why in the place of where it is."""
    title = cell(found.title, Tone.MUTED if found.fault else Tone.PLAIN)
    place = cell(found.place, Tone.MUTED)
    if found.fault:
        place = join(cell(SIGN_NOW, Tone.NOW), cell(found.fault))
    return title, cell(found.source.value, Tone.MUTED), place, cell(found.uid, Tone.MUTED)


def found_lines(found: Sequence[Found], width: int) -> list[Cell]:
    """The list as text; none for an empty one."""
    return table(COLUMNS, [found_cells(each) for each in found], width) if found else []


LOOKING: Final = "Looking for dashboards …"


def rows(offers: Offers) -> dict[str, tuple[Cell, ...]]:
    """The lines of the list by their keys."""
    return {each.key: found_cells(each) for each in offers.found}


def sentence(offers: Offers) -> str:
    """What stands where there is none."""
    missing = " ".join(f"{each.source}: {each.reason}." for each in offers.notes)
    words = f"No dashboard was found. {missing}".strip()
    return (
        f"{words} It is looked for in ConfigMaps with the label grafana_dashboard, in the folder"
        " metrics.dashboards and in the Grafana that metrics.grafana names; i opens a file or an"
        " address."
    )


def headline(offers: Offers) -> Cell:
    """How many there are, by where they are from."""
    counts = Counter(each.source.value for each in offers.found)
    return cell(", ".join(f"{count} {source}" for source, count in counts.items()), Tone.MUTED)


def note(offers: Offers) -> Cell:
    """What could not be read."""
    return cell("; ".join(f"{each.source}: {each.reason}" for each in offers.notes), Tone.SOON)
