"""A hub that crashes on a database whose schema is that of another JupyterHub, newer or older."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from hubtui.model.hub_chart import BACKUP, major_minor
from hubtui.model.problem import Evidence, Fix, Incident, Level, Missing, Problem, Target, Verb
from hubtui.model.release import RevisionHead, Status
from hubtui.model.roles import Role
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import crashes, last_end
from hubtui.services.problems.situation import Situation

_UNKNOWN: Final = re.compile(
    r"can't locate revision identified by|database (?:\S+ ){0,3}newer", re.IGNORECASE
)
"""What is said of a schema that this hub does not know, so of a newer one: alembic's words."""

_DIFFERS: Final = re.compile(r"database schema version|DatabaseSchemaMismatch", re.IGNORECASE)
"""What is said of any schema but the hub's own, older ones too. Source: jupyterhub `orm.py`,
`check_db_revision`."""

_EFFECT: Final = "Nobody can log in, start or stop a server. Servers that run go on."

_APPLIED: Final = (Status.DEPLOYED, Status.SUPERSEDED, Status.FAILED)


def find(seen: Situation) -> list[Problem]:
    """The hub, if it crashes and its log or the release's history speak of the schema."""
    row = next((row for row in seen.of_role(Role.HUB) if crashes(row, seen.now)), None)
    if row is None:
        return []
    said = _last(seen, _UNKNOWN) or _last(seen, _DIFFERS)
    newer = newer_before(seen)
    if said is None and (newer is None or "log" not in seen.missing):
        return []
    if newer is None and said is not None and not _UNKNOWN.search(said):
        return [_differs(seen, row, said)]
    return [_problem(seen, row, said, newer)]


def _last(seen: Situation, words: re.Pattern[str]) -> str | None:
    """The last line of the hub's log with these words."""
    return next((line for line in reversed(seen.log or ()) if words.search(line)), None)


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
    certain = "" if said else ", as far as can be told without its log"
    return Problem(
        incident=Incident.DB_SCHEMA,
        level=Level.NOW,
        title=f"The hub crashes on a database of a newer JupyterHub{certain}",
        effect=_EFFECT,
        todo=_todo(newer),
        evidence=_evidence(seen, row, said, newer),
        since=_since(row),
        missing=_missing(seen, newer),
        targets=_targets(seen, row),
        fixes=_fixes(newer, "bring revision {} back"),
    )


def _differs(seen: Situation, row: PodRow, said: str) -> Problem:
    """A schema that is not the hub's own; nothing says that it is a newer one."""
    since = _since(row)
    before = seen.before_last_upgrade(since)
    back = f"roll back to revision {before.revision}" if before else "roll back"
    return Problem(
        incident=Incident.DB_SCHEMA,
        level=Level.NOW,
        title="The hub crashes: its database's schema is not that of this JupyterHub",
        effect=_EFFECT,
        todo="If the hub was just upgraded, the schema is an older one: back the database up and "
        f"set hub.db.upgrade: true, or {back}.",
        evidence=_evidence(seen, row, said, None),
        since=since,
        missing=seen.unread("releases"),
        targets=_targets(seen, row),
        fixes=_fixes(before, "back to revision {}, from before the last upgrade"),
    )


def _since(row: PodRow) -> datetime | None:
    ended = last_end(row.pod)
    return row.state.since or (ended[1].finished_at if ended else None)


def _targets(seen: Situation, row: PodRow) -> tuple[Target, ...]:
    return (Target("pod", row.pod.metadata.name), Target("release", seen.release))


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


def _fixes(target: RevisionHead | None, words: str) -> tuple[Fix, ...]:
    logs = Fix(Verb.LOGS, "hub", "the hub's log before its last restart", previous=True)
    if target is None:
        return (logs,)
    revision = str(target.revision)
    return (Fix(Verb.ROLLBACK, revision, words.format(revision)), logs)
