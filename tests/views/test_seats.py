"""How many more users fit, in words."""

from __future__ import annotations

import pytest

from hubtui.model.placeholders import Simulation
from hubtui.model.placing import Wanting
from hubtui.model.seats import NodeSeats, OfferSeats, Pending, Seats
from hubtui.model.singleuser import Offer
from hubtui.views.cells import plain
from hubtui.views.document import Hung
from hubtui.views.seats import headline, lines, number, simulated, waiting

USER = Wanting({"memory": 2**30, "cpu": 500}, {})


def seats(
    total: int = 18, way: int = 18, scaled: int | None = None, *, at_most: bool = False
) -> Seats:
    nodes = {"user-1": NodeSeats(total, way, "memory"), "user-2": NodeSeats(off="is cordoned")}
    offer = Offer("", "", USER, is_default=True)
    return Seats((OfferSeats(offer, total, way, "memory", nodes, scaled),), at_most=at_most)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (seats(), "18 seats, memory binds"),
        (seats(1, 1), "1 seat, memory binds"),
        (seats(18, 24), "18 seats, memory binds · 24 with placeholders giving way"),
        (seats(18, 18, 60), "18 seats, memory binds · 60 with all nodes that may come"),
        (seats(at_most=True), "≤18 seats, memory binds"),
    ],
)
def test_the_answer_in_one_line(found: Seats, words: str) -> None:
    assert headline(found) == words


def test_a_hub_that_nothing_fits_says_why() -> None:
    offer = Offer("", "", USER, is_default=True)
    found = Seats((OfferSeats(offer, 0, 0, "no node takes it: 3 are cordoned", {}),))

    assert headline(found) == "0 seats, no node takes it: 3 are cordoned"


@pytest.mark.parametrize(
    ("count", "at_most", "words"),
    [(5, False, "5"), (5, True, "≤5"), (0, True, "0"), (None, False, "?")],
)
def test_a_number_has_its_certainty(count: int | None, at_most: bool, words: str) -> None:
    assert number(seats(at_most=at_most), count) == words


def test_columns_that_tell_nothing_are_left_out() -> None:
    def text(found: Seats) -> str:
        each = (line.cell if isinstance(line, Hung) else line for line in lines(found))
        return "\n".join(plain(line) for line in each)

    assert "GIVING WAY" not in text(seats())
    assert "GIVING WAY" in text(seats(18, 24))
    assert "SCALED UP" in text(seats(18, 18, 60))
    assert "is cordoned" in text(seats())
    assert "cpu 0.5, memory 1G" in text(seats())


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (
            Pending(USER, 500, 0, ("jupyter-a", "jupyter-b", "jupyter-c")),
            "500 pods wait for a node, asking for cpu 0.5, memory 1G "
            "(jupyter-a, jupyter-b, jupyter-c, …)",
        ),
        (
            Pending(USER, 1, 1, ("user-placeholder-0",), placeholders=True),
            "1 placeholder waits for a node, asking for cpu 0.5, memory 1G; it finds room "
            "(user-placeholder-0)",
        ),
    ],
)
def test_pods_that_wait_are_one_line(group: Pending, words: str) -> None:
    assert waiting(group) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Simulation(4, 0, 13, 16),
            "With 4 placeholders the next scale-up happens at user 13 from now; 16 more users "
            "start without waiting for it.",
        ),
        (
            Simulation(10, 0, 11, 2, "ResourceQuota q: pods"),
            "With 10 placeholders no scale-up comes; 2 more users start, then ResourceQuota q: "
            "pods refuses the next.",
        ),
        (
            Simulation(1, 1, 0, 1),
            "With 1 placeholder it finds no node: the next scale-up happens at once; 1 more user "
            "starts without waiting for it.",
        ),
    ],
)
def test_what_placeholders_do(found: Simulation, words: str) -> None:
    assert simulated(found) == words
