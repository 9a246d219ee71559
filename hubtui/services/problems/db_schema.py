"""A hub that crashes because a newer JupyterHub has changed its database's schema."""

from __future__ import annotations

import re
from typing import Final

from hubtui.model.hub_chart import BACKUP, major_minor
from hubtui.model.problem import Evidence, Fix, Incident, Level, Missing, Problem, Target, Verb
from hubtui.model.release import RevisionHead, Status
from hubtui.model.roles import Role
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import crashes, last_end
from hubtui.services.problems.situation import Situation

_SAID: Final = re.compile(
    r"can't locate revision identified by|database schema version|DatabaseSchemaMismatch"
    r"|database (?:\S+ ){0,3}newer",
    re.IGNORECASE,
)
"""What a hub says of a schema that it does not know: alembic's words, and those of JupyterHub's own
orm.py."""

_APPLIED: Final = (Status.DEPLOYED, Status.SUPERSEDED, Status.FAILED)


def find(seen: Situation) -> list[Problem]:
    """The hub, if it crashes and its log or the release's history speak of the schema."""
    row = next((row for row in seen.of_role(Role.HUB) if crashes(row, seen.now)), None)
    if row is None:
        return []
    said = next((line for line in reversed(seen.log or ()) if _SAID.search(line)), None)
    newer = newer_before(seen)
    if said is None and (newer is None or "log" not in seen.missing):
        return []
    return [_problem(seen, row, said, newer)]


def newer_before(seen: Situation) -> RevisionHead | None:
    """The newest earlier revision that ran a newer JupyterHub than the present one."""
    if not seen.heads:
        return None
    present = major_minor(seen.apps.get(seen.heads[0].revision, ""))
    if present is None:
        return None
    for head in seen.heads[1:]:
        before = major_minor(seen.apps.get(head.revision, ""))
        if before is not None and before > present and head.status in _APPLIED:
            return head
    return None


def _problem(seen: Situation, row: PodRow, said: str | None, newer: RevisionHead | None) -> Problem:
    ended = last_end(row.pod)
    certain = "" if said else ", as far as can be told without its log"
    return Problem(
        incident=Incident.DB_SCHEMA,
        level=Level.NOW,
        title=f"The hub crashes on a database of a newer JupyterHub{certain}",
        effect="Nobody can log in, start or stop a server. Servers that run go on.",
        todo=_todo(newer),
        evidence=_evidence(seen, row, said, newer),
        since=row.state.since or (ended[1].finished_at if ended else None),
        missing=_missing(seen, newer),
        targets=(Target("pod", row.pod.metadata.name), Target("release", seen.release)),
        fixes=_fixes(newer),
    )


def _todo(newer: RevisionHead | None) -> str:
    restore = (
        f"restore the copy that was made before the upgrade ({BACKUP} in /srv/jupyterhub; a backup "
        "of your own for another database)"
    )
    if newer is None:
        return f"Bring the newer revision back, or {restore}."
    return (
        f"Roll back to revision {newer.revision}: its hub reads this database. To stay with the "
        f"older hub, {restore}."
    )


def _evidence(
    seen: Situation, row: PodRow, said: str | None, newer: RevisionHead | None
) -> tuple[Evidence, ...]:
    found = []
    state = row.state
    words = f"pod {row.pod.metadata.name} is {state.status}, restarted {state.restarts} times"
    found.append(Evidence("pod", words, state.restarted_at, warning=True))
    if said is not None:
        found.append(Evidence("log", said, warning=True))
    if newer is not None:
        now = seen.heads[0]
        words = (
            f"revision {now.revision} runs JupyterHub {seen.apps[now.revision]}, revision "
            f"{newer.revision} ran {seen.apps[newer.revision]}: an older hub refuses a newer schema"
        )
        found.append(Evidence("release", words, now.modified or now.created))
    return tuple(found)


def _missing(seen: Situation, newer: RevisionHead | None) -> tuple[Missing, ...]:
    unread = seen.unread("log", "releases")
    if newer is None and "releases" not in seen.missing:
        words = "no earlier revision with a newer JupyterHub is known"
        return (*unread, Missing("releases", words))
    return unread


def _fixes(newer: RevisionHead | None) -> tuple[Fix, ...]:
    logs = Fix(Verb.LOGS, "hub", "the hub's log before its last restart", previous=True)
    if newer is None:
        return (logs,)
    revision = str(newer.revision)
    return (Fix(Verb.ROLLBACK, revision, f"bring revision {revision} back"), logs)
