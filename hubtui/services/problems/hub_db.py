"""The hub's database: its disk fills up, it cannot be used, its claim is lost, or its volume is
elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from hubtui.model.hub_db import DEFAULT_CLAIM, DbSaid, DbTrouble, HubDb, claim_of, said_of
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.roles import Role
from hubtui.services.hub_db import LOG
from hubtui.services.pods import PodRow
from hubtui.services.problems import home_full, waiting_volumes
from hubtui.services.problems.signs import counted, crashes, earliest, last_end
from hubtui.services.problems.situation import DiskSeen, Situation

RECENT: Final = timedelta(minutes=5)
"""How long a complaint of the hub's log is news."""

OFTEN: Final = 3
"""Complaints of a lock within that time from which people notice: one alone is a request that
waited too long for its turn."""

ENDED: Final = timedelta(hours=1)
"""How long the last words before a restart are news while the hub is not well."""

_DOWN: Final = "Nobody can log in, start or stop a server; servers that run go on."

_TODO: Final = {
    DbTrouble.LOCKED: "See that only one hub uses the database: an old pod that has not ended, or "
    "one on a lost node. SQLite on NFS locks badly: use a disk that only one node has.",
    DbTrouble.IO: "Look at the disk and at the node it is on; have a copy of the database at hand.",
    DbTrouble.FULL: "Expand the claim, or take old copies of the database away.",
    DbTrouble.LOST: "See that the claim is mounted and that the hub may write to it (fsGroup).",
    DbTrouble.READONLY: "See why the volume is mounted for reading only: often its disk had errors "
    "before.",
    DbTrouble.CORRUPT: "Stop the hub, and restore the copy that was made last.",
}


def find(seen: Situation) -> list[Problem]:
    """One problem for each of what can be wrong with it."""
    row = next((row for row in seen.of_role(Role.HUB) if _is_meant(row)), None)
    found = (_waits(seen), _claim(seen, row), _complains(seen, row), _disk(seen))
    return [problem for problem in found if problem is not None]


def explains(seen: Situation, row: PodRow) -> bool:
    """Whether what is wrong with a hub's pod is told by its database."""
    if waiting_volumes.stuck(seen, row) is not None:
        return True
    return not row.state.up and bool(_complaints(seen, row))


def _is_meant(row: PodRow) -> bool:
    return row.pod.metadata.deletion_timestamp is None


# -- its volume is not there


def _waits(seen: Situation) -> Problem | None:
    """A hub that has a node, and waits there for the volume of its database."""
    every = (waiting_volumes.stuck(seen, row) for row in seen.of_role(Role.HUB))
    found = next((each for each in every if each is not None), None)
    if found is None:
        return None
    pods = [found.row.pod.metadata.name]
    pods += [each.pod for each in (found.holding.pods if found.holding else ())]
    return Problem(
        incident=Incident.HUB_DB,
        level=Level.NOW,
        title=f"The hub {found.words}",
        effect=_DOWN,
        todo=waiting_volumes.todo(found),
        evidence=waiting_volumes.evidence(seen, found),
        since=found.since,
        missing=waiting_volumes.missing(seen),
        targets=(
            *(Target("pod", name) for name in pods),
            *(Target("claim", name) for name in found.claims),
        ),
        fixes=waiting_volumes.fixes(found),
        subject="volume",
    )


# -- its claim


def _claim(seen: Situation, row: PodRow | None) -> Problem | None:
    """A claim that is lost, gone, or to be deleted with the hub's pod."""
    known = seen.hub_db
    if known is None or known.phase not in ("Lost", "absent", "Terminating"):
        return None
    name, up = known.claim, row is not None and row.state.up
    title = {
        "Lost": f"The claim of the hub's database, {name}, has lost its volume",
        "absent": f"The claim of the hub's database, {name}, does not exist",
        "Terminating": f"The claim of the hub's database, {name}, is to be deleted",
    }[known.phase]
    goes = "The hub runs on until its pod ends; then " if up else ""
    return Problem(
        incident=Incident.HUB_DB,
        level=Level.NOW,
        title=title,
        effect=f"{goes}{_DOWN if not up else 'nobody can log in, start or stop a server.'} Who is "
        "known to the hub, and which servers are theirs, stands in that database.",
        todo=_claim_todo(known),
        evidence=(Evidence("claim", f"{name} is {known.phase}", warning=True),),
        missing=seen.unread(waiting_volumes.CLAIMS),
        targets=(Target("claim", name),),
        fixes=(Fix(Verb.WHY, "hub", "what explains the hub's pod"),),
        subject="claim",
    )


def _claim_todo(known: HubDb) -> str:
    copy = "Copy the database out of the pod while it runs (jupyterhub.sqlite in /srv/jupyterhub)"
    if known.phase == "Terminating":
        return f"{copy}: the claim goes when the pod ends. Do not restart the hub before."
    if known.phase == "Lost":
        return (
            f"{copy}. See what became of the volume (reclaim policy, the cloud's disk); a Released "
            "one can be bound again."
        )
    return "Restore the claim from a backup, or run helm upgrade: it makes an empty one."


# -- what it says itself


def _complains(seen: Situation, row: PodRow | None) -> Problem | None:
    """A hub whose log complains of its database."""
    said = _complaints(seen, row)
    if not said:
        return None
    worst = min(said, key=lambda each: list(DbTrouble).index(each.trouble))
    if worst.trouble is DbTrouble.FULL and _disk(seen) is not None:
        return None  # the disk tells it
    up = row is not None and row.state.up
    light = worst.trouble is DbTrouble.LOCKED and up and len(said) < OFTEN
    known = seen.hub_db
    last = [each for each in said if each.trouble is worst.trouble][-2:]
    return Problem(
        incident=Incident.HUB_DB,
        level=Level.SOON if light else Level.NOW,
        title=f"The hub complains of its database: {worst.trouble}",
        effect="Requests fail: people cannot log in, start or stop servers." if up else _DOWN,
        todo=_TODO[worst.trouble],
        evidence=(
            *(Evidence("log", each.line, each.at, warning=True) for each in last),
            *_counted(said),
            *([*home_full.measured(seen, disk)] if (disk := disk_of(known)) is not None else ()),
        ),
        since=earliest(each.at for each in said),
        missing=seen.unread("log", LOG, home_full.FIGURES),
        targets=_targets(seen, row),
        fixes=_log_fixes(seen, row, worst.trouble),
        subject="log",
    )


def _complaints(seen: Situation, row: PodRow | None) -> Sequence[DbSaid]:
    """What the running hub has said lately, and what the last one said before it ended."""
    known = seen.hub_db.said if seen.hub_db is not None else ()
    found = [s for s in known if s.at is None or seen.now - s.at <= RECENT]
    ended = last_end(row.pod) if row is not None else None
    at = ended[1].finished_at if ended is not None else None
    well = row is not None and row.state.up and not crashes(row, seen.now)
    if at is not None and seen.now - at <= (RECENT if well else ENDED):
        before = said_of((at, line) for line in seen.log or ())
        found = [*(each for each in before if each.line not in {f.line for f in found}), *found]
    return found


def _counted(said: Sequence[DbSaid]) -> tuple[Evidence, ...]:
    if len(said) <= 2:
        return ()
    return (Evidence("log", f"{counted(len(said), 'complaint')} of the database were seen"),)


def _log_fixes(seen: Situation, row: PodRow | None, trouble: DbTrouble) -> tuple[Fix, ...]:
    before = row is not None and not row.state.up and row.state.restarts > 0
    words = "the hub's log before its last restart" if before else "the hub's log"
    known = seen.hub_db
    more: tuple[Fix, ...] = ()
    if known is not None and trouble is DbTrouble.FULL:
        more = home_full.expand(known.claim, known.expandable)
    return (
        *more,
        Fix(Verb.LOGS, "hub", words, previous=before),
        Fix(Verb.WHY, "hub", "what explains the hub's pod"),
    )


def _targets(seen: Situation, row: PodRow | None) -> tuple[Target, ...]:
    pod = (Target("pod", row.pod.metadata.name),) if row is not None else ()
    name = (seen.hub_db.claim if seen.hub_db is not None else "") or (
        claim_of(row.pod) if row is not None else ""
    )
    return (*pod, *((Target("claim", name),) if name else ()))


# -- its disk


def disk_of(known: HubDb | None) -> DiskSeen | None:
    """The disk of the database, as far as it was measured."""
    if known is None or known.figures is None:
        return None
    return DiskSeen(
        name=known.claim or DEFAULT_CLAIM,
        claims=(known.claim,) if known.claim else (),
        figures=known.figures,
        full_at=known.full_at,
        trend=known.trend,
        expandable=known.expandable,
        backing=f"class {known.storage_class}" if known.storage_class else "",
    )


def _disk(seen: Situation) -> Problem | None:
    """A disk that is full or nearly."""
    disk = disk_of(seen.hub_db)
    level = home_full.level_of(seen, disk) if disk is not None else None
    if disk is None or level is None:
        return None
    row = next((row for row in seen.of_role(Role.HUB) if _is_meant(row)), None)
    said = [each for each in _complaints(seen, row) if each.trouble is DbTrouble.FULL]
    return Problem(
        incident=Incident.HUB_DB,
        level=Level.NOW if said else level,
        title=f"The disk of the hub's database, {disk.name}, {home_full.how_full(seen, disk)}",
        effect="When it is full the hub writes nothing more: logins, starts and stops fail, and a "
        "hub that is restarted does not come up.",
        todo=_disk_todo(disk),
        evidence=(
            *home_full.measured(seen, disk),
            *(Evidence("log", each.line, each.at, warning=True) for each in said[-2:]),
        ),
        missing=seen.unread("trends", "log"),
        targets=_targets(seen, row),
        fixes=(*home_full.expand_disk(disk), Fix(Verb.LOGS, "hub", "the hub's log")),
        subject="disk",
    )


def _disk_todo(disk: DiskSeen) -> str:
    copies = "take old copies of the database away (jupyterhub.sqlite.YYYY-…)"
    if disk.expandable is False:
        return f"Its claim cannot be expanded: {copies}, or move it to a larger claim."
    return f"Expand the claim, and {copies}; set hub.db.pvc.storage to the new size too."
