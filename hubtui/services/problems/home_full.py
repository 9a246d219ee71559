"""Disks of homes that are full or nearly: nobody saves, and who is on one may not start.

How full a disk is comes from `services.disks`, read each few minutes (services.problems.reading);
that a pod says so is seen at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from hubtui.model.age import precise
from hubtui.model.disk import Figures
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.quantity import short_size
from hubtui.model.roles import Role
from hubtui.model.why_facts import evidence_of
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import counted, looks_at, name_of, named
from hubtui.services.problems.situation import DiskSeen, Grower, Situation

FULL: Final = 0.95
"""The share of a disk, or of its inodes, from which people suffer or are about to."""

FILLING: Final = 0.85
"""The share from which it is time to act."""

OWN_FULL: Final = 0.99
OWN_FILLING: Final = 0.95
"""The same where a disk is one user's: many keep theirs nearly full for years."""

SOON: Final = 3 * 86400.0
"""Seconds to full in which somebody has to act."""

HALF: Final = 0.5
"""The share below which no trend is an alarm: large data that is being copied comes to an end."""

SHOWN: Final = 5

NO_SPACE: Final = re.compile(r"no space left|errno 28|disk quota exceeded|errno 122", re.IGNORECASE)
_OF_NODE: Final = re.compile(
    r"/var/lib|containerd|overlay|image|ephemeral|layer|rootfs|snapshot", re.IGNORECASE
)
"""What a full disk of the node, not of a home, is told with."""

FIGURES: Final = "disk figures"


def find(seen: Situation) -> list[Problem]:
    """One problem for each shared disk, one for all users with a disk of their own, and one for
    servers that say so while no disk is known to be full."""
    said = [row for row in seen.troubled if row.role is Role.USERS and _says(seen, row)]
    shared = [disk for disk in seen.disks if not disk.user]
    found = [p for disk in shared if (p := _of_disk(seen, disk, said)) is not None]
    own = _of_users(seen, [disk for disk in seen.disks if disk.user], said)
    found += [own] if own is not None else []
    if said and not found:
        found.append(_unmeasured(seen, said))
    return found


def share_of(figures: Figures) -> float:
    """The larger of the shares of bytes and of inodes; 0 where neither is known."""
    return max(figures.share or 0.0, figures.inode_share or 0.0)


def is_soon(seen: Situation, disk: DiskSeen) -> bool:
    """Whether a disk that is half full already will be full in a few days."""
    until = disk.full_at
    if until is None or share_of(disk.figures) < HALF:
        return False
    return (until - seen.now).total_seconds() <= SOON


def level_of(seen: Situation, disk: DiskSeen) -> Level | None:
    """How urgent a disk is; None while it is not."""
    share = share_of(disk.figures)
    full, filling = (OWN_FULL, OWN_FILLING) if disk.user else (FULL, FILLING)
    if share >= full:
        return Level.NOW
    return Level.SOON if share >= filling or (not disk.user and is_soon(seen, disk)) else None


def how_full(seen: Situation, disk: DiskSeen) -> str:
    """How full it is or when it will be, to go on after its name."""
    figures = disk.figures
    share, inodes = figures.share, figures.inode_share
    if inodes is not None and inodes >= FILLING and inodes > (share or 0.0):
        return f"has {_percent(inodes)} of its inodes taken"
    words = f"is {_percent(share)} full" if share is not None else "fills up"
    if disk.full_at is not None and is_soon(seen, disk) and (share or 0.0) < FULL:
        left = (disk.full_at - seen.now).total_seconds()
        words += f", and full in {precise(left)}" if left > 0 else ", and full at any moment"
    return words


def measured(seen: Situation, disk: DiskSeen) -> Iterator[Evidence]:
    """What was measured, by whom, and how it grows."""
    figures, by = disk.figures, disk.figures.by
    parts = []
    if figures.used is not None and figures.capacity is not None:
        parts.append(f"{short_size(figures.used)} of {short_size(figures.capacity)} used")
    if figures.available is not None:
        parts.append(f"{short_size(figures.available)} free")
    if figures.inode_share is not None:
        parts.append(f"{_percent(figures.inode_share)} of the inodes")
    said = f" ({figures.source}{f', {by}' if by else ''})"
    warning = level_of(seen, disk) is not None
    yield Evidence("disk", f"{disk.name}: {', '.join(parts)}{said}", figures.as_of, warning)
    if disk.trend:
        yield Evidence("trend", disk.trend)


def expand(claim: str, expandable: bool | None) -> tuple[Fix, ...]:
    """What enlarges a claim, where that may be."""
    if expandable is False or not claim:
        return ()
    sure = "" if expandable else ", if its class allows it"
    return (Fix(Verb.EXPAND, claim, f"expand the claim {claim}{sure}"),)


def expand_disk(disk: DiskSeen) -> tuple[Fix, ...]:
    """What enlarges a disk."""
    return expand(next(iter(disk.claims), ""), disk.expandable)


def _percent(share: float | None) -> str:
    """Cut down, so that 100 % is full."""
    return f"{int((share or 0.0) * 100)} %"


def _of_disk(seen: Situation, disk: DiskSeen, said: Sequence[PodRow]) -> Problem | None:
    level = level_of(seen, disk)
    if disk.shared and said and share_of(disk.figures) >= FILLING:
        level = Level.NOW
    if level is None:
        return None
    homes = "The homes' disk" if disk.shared else f"The disk{' of claim' if disk.claims else ''}"
    return Problem(
        incident=Incident.HOME_FULL,
        level=level if disk.shared else Level.SOON,
        title=f"{homes} {disk.name} {how_full(seen, disk)}",
        effect=_effect(disk, level),
        todo=_todo(disk),
        evidence=(
            *measured(seen, disk),
            *(_said(seen, said) if disk.shared else ()),
            *_growing(disk.growers),
        ),
        missing=seen.unread("homes", "trends"),
        targets=tuple(Target("claim", name) for name in disk.claims),
        fixes=(*expand_disk(disk), *(_looks(said) if disk.shared else ())),
        subject=disk.name,
    )


def _effect(disk: DiskSeen, level: Level) -> str:
    if not disk.shared:
        return "What writes there fails when it is full."
    if level is Level.NOW:
        return (
            "Nobody can save: notebooks are lost, kernels fail, and servers that write at their "
            "start do not start."
        )
    return "When it is full nobody can save, and new servers do not start."


def _todo(disk: DiskSeen) -> str:
    who = "speak to those whose homes are largest or grow most"
    if disk.expandable:
        return f"Expand the claim; {who}."
    behind = disk.backing or "what is behind it"
    if not disk.claims:
        return f"Enlarge {behind}; {who}."
    if disk.expandable is None:
        return f"Expand the claim if its class allows it, else enlarge {behind}; {who}."
    return f"Its claim cannot be expanded: enlarge {behind} itself; {who}."


def _growing(growers: Sequence[Grower]) -> Iterator[Evidence]:
    for each in growers[:SHOWN]:
        grows = f", grows {short_size(int(each.per_day))} a day" if each.per_day else ""
        yield Evidence("home", f"{each.name}: {short_size(each.size)}{grows}")


def _of_users(seen: Situation, disks: Sequence[DiskSeen], said: Sequence[PodRow]) -> Problem | None:
    """Those with a disk of their own that is full."""
    levels = {disk.name: level for disk in disks if (level := level_of(seen, disk)) is not None}
    if not levels:
        return None
    full = sorted(
        (disk for disk in disks if disk.name in levels), key=lambda disk: -share_of(disk.figures)
    )
    now = [disk for disk in full if levels[disk.name] is Level.NOW]
    told = now or full
    state = "full" if now else "nearly full"
    who = named(disk.user for disk in told)
    verb, home = ("is", "home") if len(told) == 1 else ("are", "homes")
    return Problem(
        incident=Incident.HOME_FULL,
        level=Level.NOW if now else Level.SOON,
        title=f"The {home} of {who} {verb} {state}",
        effect="They cannot save, and their servers may not start; others notice nothing.",
        todo="They delete what they do not need; or expand their claims, if the class allows it.",
        evidence=(
            *(each for disk in full[:SHOWN] for each in measured(seen, disk)),
            *([Evidence("disks", f"and {len(full) - SHOWN} more")] if len(full) > SHOWN else ()),
            *_said(seen, said),
        ),
        targets=tuple(Target("claim", name) for disk in full for name in disk.claims),
        fixes=(*expand_disk(full[0]), *_looks(said)),
        subject="users",
    )


def _unmeasured(seen: Situation, said: Sequence[PodRow]) -> Problem:
    who = f"{counted(len(said), 'server')} ({named(name_of(row.pod) for row in said)})"
    says = "says" if len(said) == 1 else "say"
    return Problem(
        incident=Incident.HOME_FULL,
        level=Level.NOW,
        title=f"{who} {says} that no space is left",
        effect="They do not start, or cannot save.",
        todo="See which disk they write to: their home's, or the node's own.",
        evidence=tuple(_said(seen, said)),
        missing=seen.unread(FIGURES),
        targets=tuple(Target("pod", row.pod.metadata.name) for row in said),
        fixes=_looks(said),
        subject="said",
    )


def _looks(said: Sequence[PodRow]) -> tuple[Fix, ...]:
    return looks_at(said[0].pod.metadata.name) if said else ()


def _says(seen: Situation, row: PodRow) -> bool:
    """Whether a server says that its disk is full."""
    return bool(_words_of(seen, row))


def _words_of(seen: Situation, row: PodRow) -> tuple[Evidence, ...]:
    found = []
    if _is_full(row.state.message):
        words = f"{row.pod.metadata.name}: {row.state.message}"
        found.append(Evidence("pod", words, row.state.since, warning=True))
    found += [evidence_of(event) for event in seen.events_of(row) if _is_full(event.message)][:1]
    why = seen.why(row)
    found += [each for each in (why.evidence if why else ()) if _is_full(each.words)][:1]
    return tuple(found)


def _is_full(words: str) -> bool:
    return NO_SPACE.search(words) is not None and _OF_NODE.search(words) is None


def _said(seen: Situation, rows: Sequence[PodRow]) -> Iterator[Evidence]:
    for row in rows[:SHOWN]:
        yield from _words_of(seen, row)
