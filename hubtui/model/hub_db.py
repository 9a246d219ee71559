"""The hub's database: where it is, what its log says of it, and who stands in the way of its claim.

Sources: z2jh `hub.db` (facts.md §1.9); JupyterHub `dbutil.backup_db_file`; SQLite, "Result and
Error Codes".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hubtui.model.disk import Figures
from hubtui.model.holding import Holding
from hubtui.model.kube import Pod
from hubtui.model.redact_text import mask_credentials
from hubtui.model.text import one_line
from hubtui.model.values_path import at
from hubtui.model.why_facts import Missing

DEFAULT_CLAIM: Final = "hub-db-dir"
"""The chart's claim; with `fullnameOverride` a name stands before it."""

VOLUME: Final = "pvc"
"""What the chart calls the volume of the database in the hub's pod."""

SIZE: Final = ("hub", "db", "pvc", "storage")
"""Where the values say how large the claim is."""


class DbKind(StrEnum):
    """What `hub.db.type` says, in words."""

    SQLITE = "SQLite on a claim"
    MEMORY = "SQLite in the hub's memory"
    POSTGRES = "PostgreSQL"
    MYSQL = "MySQL"
    OTHER = "a database of another kind"


_KINDS: Final[Mapping[str, DbKind]] = {
    "sqlite-pvc": DbKind.SQLITE,
    "sqlite-memory": DbKind.MEMORY,
    "postgres": DbKind.POSTGRES,
    "mysql": DbKind.MYSQL,
}


@dataclass(frozen=True, slots=True)
class DbSetting:
    """What the values say of the database: `url` without its password, `size` as it is written."""

    kind: DbKind
    url: str = ""
    size: str = ""


class DbTrouble(StrEnum):
    """What a hub complains of, in words that go on a sentence about its database."""

    LOCKED = "it is locked"
    IO = "its disk gives errors"
    FULL = "its disk is full"
    LOST = "its file cannot be opened"
    READONLY = "it can only be read"
    CORRUPT = "its file is damaged"


_SAID: Final = (
    (re.compile(r"database or disk is full|No space left on device|\[Errno 28\]"), DbTrouble.FULL),
    (re.compile(r"database disk image is malformed|file is not a database"), DbTrouble.CORRUPT),
    (re.compile(r"disk I/O error"), DbTrouble.IO),
    (re.compile(r"unable to open database file"), DbTrouble.LOST),
    (re.compile(r"attempt to write a readonly database"), DbTrouble.READONLY),
    (re.compile(r"database (?:table )?is locked"), DbTrouble.LOCKED),
)
"""SQLite's own words, the worst first, and those of the kernel for a full disk."""

_BACKUP: Final = re.compile(r"Backing up \S+ => (?P<path>\S+)")


@dataclass(frozen=True, slots=True)
class DbSaid:
    """A complaint in a hub's log: of what, in which line, and when if that is known."""

    trouble: DbTrouble
    line: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDb:
    """The hub's database as far as it is known.

    `setting` is None where the release's values cannot be read. `claim` is empty for a database
    that needs none; `phase` is that of the claim, `absent` when there is none of that name, empty
    while it is not known. `size` and `asked` are bytes. `full_at` is when its disk will be full, as
    `trend` says in words. `expandable` is None where the class is not known. `pod` and `node` are
    those of the hub that holds it, `backups` the copies that the log of the running hub speaks of,
    newest last, None where no log was read; `said` are its complaints of the database. `holding`
    says who else holds the volume.
    """

    setting: DbSetting | None = None
    claim: str = ""
    phase: str = ""
    storage_class: str = ""
    size: int | None = None
    asked: int | None = None
    figures: Figures | None = None
    why_not: str = ""
    full_at: datetime | None = None
    trend: str = ""
    expandable: bool | None = None
    pod: str = ""
    node: str = ""
    backups: tuple[str, ...] | None = None
    said: tuple[DbSaid, ...] = ()
    holding: Holding | None = None
    missing: tuple[Missing, ...] = ()


def setting_of(values: Mapping[str, Any]) -> DbSetting:
    """What the values of the hub's chart say; SQLite on a claim where they say nothing."""
    kind = _KINDS.get(str(at(values, ("hub", "db", "type")) or "sqlite-pvc"), DbKind.OTHER)
    url = at(values, ("hub", "db", "url"))
    size = at(values, SIZE)
    return DbSetting(
        kind,
        one_line(mask_credentials(str(url))) if url else "",
        one_line(str(size)) if size is not None and kind is DbKind.SQLITE else "",
    )


def claim_of(pod: Pod) -> str:
    """The claim that a hub's pod has its database on; empty where it mounts none."""
    mounted = {
        volume.name: volume.persistent_volume_claim.claim_name
        for volume in pod.spec.volumes
        if volume.persistent_volume_claim is not None
    }
    named = (name for name in mounted.values() if name.endswith(DEFAULT_CLAIM))
    return mounted.get(VOLUME) or next(named, "")


def said_of(lines: Iterable[tuple[datetime | None, str]]) -> tuple[DbSaid, ...]:
    """What a hub's log complains of the database, in its order."""
    found = []
    for at_, line in lines:
        trouble = next((each for pattern, each in _SAID if pattern.search(line)), None)
        if trouble is not None:
            found.append(DbSaid(trouble, line, at_))
    return tuple(found)


def backups_in(lines: Iterable[str]) -> tuple[str, ...]:
    """The copies of the database that `jupyterhub upgrade-db` says it has made."""
    found = (match["path"] for line in lines if (match := _BACKUP.search(line)) is not None)
    return tuple(dict.fromkeys(found))


def backup_words(backups: Sequence[str] | None) -> str:
    """What is known of copies beside the database."""
    if backups is None:
        return "not seen: the hub's log was not read"
    if not backups:
        return "not seen: the log of the running hub speaks of none"
    return ", ".join(backups)
