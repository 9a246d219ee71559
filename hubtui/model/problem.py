"""A problem: an incident that was recognised, with its evidence and what starts the fix."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hubtui.model.deployment import ValuesMode
from hubtui.model.why_facts import Evidence, Missing

__all__ = ["Counts", "Evidence", "Fix", "Incident", "Level", "Missing", "Problem", "Target", "Verb"]

NODE: Final = "node/"
"""What the name of a node begins with where it is to be told from that of a pod."""


class Incident(StrEnum):
    """The incidents that are looked for; a value names the runbook too."""

    PENDING_RELEASE = "pending-release"
    DB_SCHEMA = "db-schema"
    HOOK_PULLER = "hook-puller"
    PENDING_USER = "pending-user"
    IMAGE_PULL = "image-pull"
    CORE = "core"
    OVERLOAD = "overload"
    LOST_NODE = "lost-node"
    ORPHANS = "orphans"
    PROXY = "proxy"
    CULLING = "culling"
    SCALE_DOWN = "scale-down"
    HOME_FULL = "home-full"
    HUB_DB = "hub-db"
    ATTACH = "attach"


class Level(StrEnum):
    """How urgent: people suffer now, or will soon."""

    NOW = "now"
    SOON = "soon"


class Verb(StrEnum):
    """What an operator can start from a problem; a value is the id of the command and of its
    key."""

    RECOVER = "recover"
    ROLLBACK = "rollback"
    RESTART = "restart"
    CORDON = "cordon"
    PREPULL = "prepull"
    DRAIN = "drain"
    DELETE_POD = "delete-pod"
    STOP = "stop"
    SYNC_ROUTES = "sync-routes"
    EXPAND = "expand"
    UPGRADE = "upgrade"
    MAINTENANCE = "maintenance"
    WHY = "why"
    LOGS = "logs"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Target:
    """What a problem is about: `kind` is pod, node, release, image, role, quota, server or
    claim."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to start: on which object ("" where it needs none), and in words; `more` are
    further objects of the same. `force` and `orphan` are options of delete-pod, `previous` of logs,
    `pullers_off` of cordon, `undo` takes a cordon away. `sets` are values that an upgrade changes,
    by their paths with dots. A node whose stay is to be explained is `node/NAME`."""

    verb: Verb
    target: str
    words: str
    force: bool = False
    previous: bool = False
    pullers_off: bool = False
    orphan: bool = False
    more: tuple[str, ...] = ()
    undo: bool = False
    sets: tuple[tuple[str, str], ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """All objects that it is about."""
        return tuple(filter(None, (self.target, *self.more)))

    @property
    def command(self) -> str:
        """The same without a screen."""
        options = (
            (" --force", self.force),
            (" --orphan", self.orphan),
            (" --previous", self.previous),
            (" --pullers-off", self.pullers_off),
        )
        more = "".join(option for option, wanted in options if wanted)
        verb = f"un{self.verb}" if self.undo else self.verb
        more += "".join(f" --set {shlex.quote(f'{path}={value}')}" for path, value in self.sets)
        more += f" --values-mode {ValuesMode.RESET_THEN_REUSE}" if self.sets else ""
        return " ".join(("hubtui", verb, *map(shlex.quote, self.targets))) + more


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One incident that is under way.

    `effect` says what it does to users, `todo` what to do in words; `fixes` are what can be
    started, the likeliest first. `since` is told by the evidence, None when nothing tells it.
    `missing` are the sources that would have made it more certain. `subject` tells it from other
    problems of the same incident: an image, a role, a node.
    """

    incident: Incident
    level: Level
    title: str
    effect: str
    todo: str = ""
    evidence: tuple[Evidence, ...] = ()
    since: datetime | None = None
    missing: tuple[Missing, ...] = ()
    targets: tuple[Target, ...] = ()
    fixes: tuple[Fix, ...] = ()
    subject: str = ""

    @property
    def key(self) -> str:
        """What identifies it as long as it lasts."""
        return f"{self.incident}:{self.subject}"

    def fix(self, verb: Verb) -> Fix | None:
        """What a verb would be started with; None when it does not help here."""
        return next((fix for fix in self.fixes if fix.verb is verb), None)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many problems there are."""

    now: int
    soon: int


def counts_of(problems: Iterable[Problem]) -> Counts:
    """The problems counted by level."""
    levels = [problem.level for problem in problems]
    return Counts(levels.count(Level.NOW), levels.count(Level.SOON))


def worst_first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those of now before those of soon; among them the longest standing first."""
    return tuple(
        sorted(
            problems,
            key=lambda p: (
                p.level is not Level.NOW,
                p.since is None,
                p.since.timestamp() if p.since else 0.0,
                p.key,
            ),
        )
    )
