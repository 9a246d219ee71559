"""What a scenario and a drill are made of: data that `staging` turns into a cluster with a past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster as Stage

Do = Callable[["Stage"], None]


@dataclass(frozen=True, slots=True)
class Pool:
    """Nodes of one kind, `count` at first; `memory` is what pods may have of it, in GiB. The
    autoscaler keeps between `least` and `most` of them; as many as at first unless given. Only
    pods that tolerate the taint `only` go there, where it is given."""

    name: str
    count: int
    cpu: int
    memory: int
    purpose: str = "user"
    zones: str = "abc"
    least: int | None = None
    most: int | None = None
    only: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A revision of the release, `ago` before now.

    `seed` names the file that holds what helm stored of it, or `again` the earlier revision that
    it rolls back to. With `hooks` helm is still at its hooks: their objects are in the cluster.
    """

    ago: timedelta
    seed: str = ""
    again: int = 0
    hooks: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that happens, `ago` before now; a negative one is still to come."""

    ago: timedelta
    do: Do


@dataclass(frozen=True, slots=True)
class Wave:
    """So many people come, from `ago` before now on, within a span; as a class or one by one."""

    ago: timedelta
    within: timedelta
    people: int
    is_class: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """A hub with a past. `line` says what it is; life begins `lives` before now, and of what was
    before then only objects and releases are left."""

    name: str
    line: str
    chapters: tuple[Chapter, ...]
    pools: tuple[Pool, ...]
    people: int = 0
    waves: tuple[Wave, ...] = ()
    turns: tuple[Turn, ...] = ()
    lives: timedelta = timedelta(days=2, hours=7)
    returning: int = 0
    """How many more come in each half hour from now on."""
    homes: int = 200
    """GiB of the disk of the shared home."""
    leftovers: bool = False
    """Whether there is what users who are gone, and older charts, have left behind."""


@dataclass(frozen=True, slots=True)
class Drill:
    """An incident to practise on: `page` is what a pager would say. It goes on where a scenario
    with a history has ended."""

    name: str
    line: str
    page: str
    chapters: tuple[Chapter, ...] = ()
    turns: tuple[Turn, ...] = ()
    waves: tuple[Wave, ...] = ()
    pools: tuple[Pool, ...] = ()
    """What it needs beside the scenario's, of names of their own."""
