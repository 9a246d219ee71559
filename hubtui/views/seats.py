"""How many more users fit, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hubtui.model.placeholders import Simulation
from hubtui.model.seats import NodeSeats, OfferSeats, Pending, Seats, named
from hubtui.model.user_pod import asked
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.grid import table
from hubtui.views.table import Column

UNKNOWN: Final = "?"

_OFFERS: Final = (
    Column("offer", "PROFILE", 12, grow=True),
    Column("asks", "ASKS FOR", 28),
    Column("seats", "SEATS", 6, align="right"),
    Column("way", "GIVING WAY", 10, align="right"),
    Column("scaled", "SCALED UP", 9, align="right"),
    Column("binds", "BINDS", 20),
)
_NODES: Final = (
    Column("node", "NODE", 20, grow=True),
    Column("seats", "SEATS", 6, align="right"),
    Column("way", "GIVING WAY", 10, align="right"),
    Column("binds", "BINDS", 30),
)


def number(seats: Seats, count: int | None) -> str:
    """A number of seats with its certainty: at most so many where not all pods could be read."""
    if count is None:
        return UNKNOWN
    return f"≤{count:,}" if seats.at_most and count else f"{count:,}"


def headline(seats: Seats) -> str:
    """The answer in one line: `18 seats, memory binds · 24 with placeholders giving way`."""
    usual = seats.usual
    words = [f"{number(seats, usual.total)} {'seat' if usual.total == 1 else 'seats'}"]
    words[0] += f", {binding(usual)}" if usual.binds else ""
    if usual.giving_way != usual.total:
        words.append(f"{number(seats, usual.giving_way)} with placeholders giving way")
    if usual.scaled is not None:
        words.append(f"{number(seats, usual.scaled)} with all nodes that may come")
    return " · ".join(words)


def binding(offer: OfferSeats) -> str:
    """What there is too little of, as part of a sentence."""
    return binds(offer.binds)


def binds(words: str) -> str:
    """The same of what binds: `memory binds`, `pod slots bind`."""
    if words.startswith(("no node", "there is")):
        return words
    several = (words.endswith("s") and " on " not in words) or ", " in words
    return f"{words} bind" if several else f"{words} binds"


def lines(
    seats: Seats, simulation: Simulation | None = None, width: int = 0
) -> Iterator[Cell | Hung]:
    """The seats of all offers, of each node, who waits, and what placeholders would do."""
    yield cell(headline(seats), Tone.STRONG)
    yield EMPTY
    yield from by_profile(seats, width)
    yield EMPTY
    nodes = sorted(seats.usual.by_node.items())
    if nodes:
        yield from _table(_NODES, [_node(seats, *each) for each in nodes], width, seats)
    else:
        yield cell("There is no node.")
    if seats.pending:
        yield EMPTY
        yield from groups(seats)
    if simulation is not None:
        yield EMPTY
        yield Hung(cell(simulated(simulation)), 2)


def by_profile(seats: Seats, width: int = 0) -> Iterator[Cell | Hung]:
    """The seats of each profile, and what is to be said of them."""
    yield from _table(_OFFERS, [_offer(seats, each) for each in seats.offers], width, seats)
    for words in notes(seats):
        yield Hung(cell(words, Tone.SOON), 2)


def groups(seats: Seats) -> Iterator[Hung]:
    """Who waits, one line for all who ask for the same."""
    yield from (Hung(cell(waiting(each)), 2) for each in seats.pending)


def _table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, seats: Seats
) -> list[Cell]:
    """A table without the columns that tell nothing here."""
    way = any(each.giving_way != each.total for each in seats.offers)
    scaled = any(each.scaled is not None for each in seats.offers)
    left_out = {"way": not way, "scaled": not scaled}
    kept = [n for n, column in enumerate(columns) if not left_out.get(column.id)]
    return table([columns[n] for n in kept], [[row[n] for n in kept] for row in rows], width)


def notes(seats: Seats) -> list[str]:
    """What is to be said of the numbers."""
    unknown = [
        f"{each.offer.name or 'a server'}: {words} cannot be told"
        for each in seats.offers
        for words in each.offer.unknown
    ]
    return [*seats.notes, *unknown]


def waiting(group: Pending) -> str:
    """One line for all pods that wait and ask for the same."""
    who = "placeholder" if group.placeholders else "pod"
    several = who if group.count == 1 else f"{who}s"
    verb = "waits" if group.count == 1 else "wait"
    told = f"{group.count} {several} {verb} for a node, asking for {asked(group.wanting)}"
    if group.fit:
        told += "; it finds room" if group.count == 1 else f"; {group.fit} of them find room"
    more = ", …" if group.count > len(group.names) else ""
    return f"{told} ({', '.join(group.names)}{more})"


def simulated(found: Simulation) -> str:
    """What a number of placeholders would do."""
    count = found.placeholders
    head = f"With {count} {'placeholder' if count == 1 else 'placeholders'}"
    if found.waiting:
        waits = f"{found.waiting} of them find no node" if count > 1 else "it finds no node"
        head += f" {waits}: the next scale-up happens at once"
    else:
        head += f" the next scale-up happens at user {found.at} from now"
    started = "user starts" if found.at_once == 1 else "users start"
    if not found.bound:
        return f"{head}; {found.at_once} more {started} without waiting for it."
    if found.at > found.at_once:
        head = f"{head.partition(' the next')[0]} no scale-up comes"
    return f"{head}; {found.at_once} more {started}, then {found.bound} refuses the next."


def _offer(seats: Seats, each: OfferSeats) -> Sequence[Cell]:
    name = each.offer.name or "all"
    return (
        cell(f"{name} (default)" if each.offer.is_default and each.offer.name else name),
        cell(asked(each.offer.wanting)),
        cell(number(seats, each.total), Tone.STRONG if each.total else Tone.SOON),
        cell(number(seats, each.giving_way)),
        cell("" if each.scaled is None else number(seats, each.scaled)),
        cell(each.binds),
    )


def _node(seats: Seats, name: str, each: NodeSeats) -> Sequence[Cell]:
    words = each.off or named(each.binds)
    return (
        cell(name),
        cell(number(seats, each.now)),
        cell(number(seats, each.giving_way)),
        cell(words, Tone.MUTED if each.off else Tone.PLAIN),
    )
