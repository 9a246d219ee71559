"""Who uses the demo's hub: people with names as real hubs have them, from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hubtui.demo.chance import Chance

_FIRST: Final = (
    *("ana", "ben", "chidi", "dara", "emre", "fatima", "grace", "hugo", "ines", "jonas"),
    *("kavya", "leo", "maya", "nadia", "omar", "priya", "quentin", "rosa", "samir", "tara"),
    *("ugo", "vera", "wei", "ximena", "yusuf", "zoe", "amara", "bela", "carla", "diego"),
    *("elif", "femi", "greta", "hana", "ivan", "julia", "kofi", "lena", "marco", "noor"),
)
_FAMILY: Final = (
    *("abel", "berg", "costa", "diaz", "eriksen", "fischer", "garcia", "haddad", "ito", "jansen"),
    *("kumar", "lopez", "mensah", "novak", "okafor", "park", "quist", "rossi", "sato", "tran"),
    *("ueda", "varga", "weber", "xu", "yilmaz", "zhang", "ahmed", "bauer", "chen", "duarte"),
)
ODD: Final = (
    "J.R.Smith@uni.example",
    "müller@uni.example",
    "1st-year-demo",
    "grader--bot",
    "user_name",
    "maria.del.carmen.fernandez-villanueva@students.uni.example",
    "李雷@uni.example",
)
"""Names that slugs must change: dots, capitals, letters that no label has, a digit first, `--`, an
underscore, too many characters."""

COURSES: Final = ("data-101", "stats-204", "ml-310", "geo-120")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses the hub. `servers` are the named servers they have besides the default;
    `member` is for how many days they have been a user."""

    name: str
    admin: bool = False
    groups: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    member: float = 30.0


def cast(chance: Chance, count: int, *, domain: str = "uni.example") -> tuple[Person, ...]:
    """So many people, the same for a seed: two admins, some odd names, courses with teachers."""
    names = _names(chance, count, domain)
    return tuple(_person(chance, number, name) for number, name in enumerate(names))


def _names(chance: Chance, count: int, domain: str) -> list[str]:
    odd = [name for place, name in enumerate(ODD) if count >= 12 * (place + 1)]
    pairs = [f"{first}.{family}" for first in _FIRST for family in _FAMILY]
    chance.of("names").shuffle(pairs)
    plain = [f"{name}@{domain}" for name in (*_FIRST, *pairs)][: max(0, count - len(odd))]
    # The odd ones stand among the others, as they would.
    for place, name in enumerate(odd):
        plain.insert(min(len(plain), 9 + 11 * place), name)
    return plain[:count]


def _person(chance: Chance, number: int, name: str) -> Person:
    dice = chance.of("person", name)
    admin = number in (0, 7)
    groups = {COURSES[number % len(COURSES)], *(("staff",) if admin or number % 15 == 3 else ())}
    return Person(
        name,
        admin=admin,
        groups=tuple(sorted(groups)),
        servers=("thesis",) if number % 23 == 5 else (),
        member=dice.uniform(1, 200),
    )
