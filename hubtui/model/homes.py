"""Home folders on a shared disk: how large each is, whose it is, and how it grows.

Source: the metrics of dirsize-exporter and jupyterhub-home-nfs (facts.md §8.4). Both tell sizes by
the same name, so the larger one counts. `dirsize_last_updated_ns` is in unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from statistics import median
from typing import Final

from hubtui.model.age import DAY, HOUR, short
from hubtui.model.disk import Source
from hubtui.model.points import Point
from hubtui.model.prometheus import Labels, Sample
from hubtui.model.slope import cleaned
from hubtui.model.slugs import escaped, server_slug, user_slug

SIZE: Final = "dirsize_total_size_bytes"
CHANGED: Final = "dirsize_latest_mtime"
ENTRIES: Final = "dirsize_entries_count"
MEASURED: Final = "dirsize_last_updated_ns"
QUOTA: Final = "dirsize_hard_limit_bytes"
METRICS: Final = (SIZE, CHANGED, ENTRIES, MEASURED, QUOTA)

DIRECTORY: Final = "directory"

GROUP_INFO: Final = "jupyterhub_user_group_info"
"""Tells the names of folders for those of users; of jupyterhub-groups-exporter."""

_FOLDERS: Final = ("username_safe", "username_escaped", "username_escape")

_SECONDS: Final = 1e11
"""What is above this is no time in seconds, but one in nanoseconds."""

_AHEAD: Final = "its last change is dated in the future: when that was is not known"

_LATE: Final = 3.0
"""A folder that was measured before so many times the usual age was passed by."""

_LATE_LEAST: Final = 2 * HOUR

_NEW: Final = 1.5 * DAY
"""Seconds after the first home, from which on one that is first seen is new."""


@dataclass(frozen=True, slots=True)
class Home:
    """A folder of a shared disk. `user` is empty where it is nobody's, or nobody knows whose.

    `size` and `quota` are bytes, None where they are not told; without a quota, `quota` is None,
    too. `entries` counts files and folders, the folder itself among them; `last_change` is the
    newest change of any, None too where its date is yet to come. `grown_per_day` are bytes, below 0
    where it shrank. `as_of` is when it was measured, and `doubt` says in words why that may be no
    longer so, or that its date cannot be.
    """

    directory: str
    user: str
    size: int | None
    entries: int | None
    last_change: datetime | None
    quota: int | None
    grown_per_day: float | None
    source: Source
    as_of: datetime | None
    doubt: str = ""

    @property
    def is_there(self) -> bool:
        """Whether nothing speaks for its having been deleted."""
        return self.doubt in ("", _AHEAD)

    @property
    def share(self) -> float | None:
        """The part of the quota that is taken; None where there is none."""
        if self.size is None or not self.quota:
            return None
        return self.size / self.quota


Measures = Mapping[str, Mapping[str, Sample]]
"""Samples by metric and directory."""


def by_directory(samples: Iterable[Sample]) -> dict[str, Sample]:
    """The sample of each directory: the largest, where several exporters tell it."""
    found: dict[str, Sample] = {}
    for sample in samples:
        directory = sample.labels.get(DIRECTORY, "")
        if not directory or not isfinite(sample.value) or sample.value < 0:
            continue
        known = found.get(directory)
        if known is None or sample.value > known.value:
            found[directory] = sample
    return found


def homes(
    measures: Measures, owner: Callable[[str], str], now: datetime
) -> Generator[None, None, dict[str, Home]]:
    """The homes by directory, without their growth; `owner` tells whose a directory is."""
    limits = measures.get(QUOTA, {})
    of_nfs = {_exporter(sample.labels) for sample in limits.values()}
    passed_by = _limit_of_age(measures.get(MEASURED, {}), now)
    found: dict[str, Home] = {}
    for directory in sorted(set().union(*measures.values())):
        told = {name: samples.get(directory) for name, samples in measures.items()}
        size, changed = told.get(SIZE), _moment(told.get(CHANGED))
        measured = _moment(told.get(MEASURED))
        ahead = changed is not None and (changed - now).total_seconds() > DAY
        changed = None if ahead else changed
        of = size or told.get(QUOTA) or told.get(MEASURED)
        source = Source.HOME_NFS if of and _exporter(of.labels) in of_nfs else Source.DIRSIZE
        if source is Source.HOME_NFS and size is not None:
            measured = _moment_at(size.at)
        found[directory] = Home(
            directory=directory,
            user=owner(directory),
            size=_number(size),
            entries=_number(told.get(ENTRIES)),
            last_change=changed,
            quota=_number(told.get(QUOTA)) or None,
            grown_per_day=None,
            source=source,
            as_of=measured,
            doubt=_doubt(measured, changed, passed_by, now) or (_AHEAD if ahead else ""),
        )
        yield
    return found


def beginning(points: Iterable[Point]) -> Point | None:
    """When a home was watched first, and how large it was; of several exporters the larger."""
    known = cleaned(points)
    return known[0] if known else None


def growth(began: Point, size: float, now: datetime, since: float) -> float | None:
    """Bytes a day by which a home grew, on the whole, while it was watched; None where that is
    less than a quarter of a day. `since` is when the watching of all homes began: one that came
    later began with nothing."""
    at, value = began
    length = now.timestamp() - at
    first = value if at - since <= _NEW else 0.0
    return (size - first) * DAY / length if length >= DAY / 4 else None


def folders_of(user: str) -> tuple[str, ...]:
    """The folders that KubeSpawner may give a user, of all its versions."""
    return user_slug(user), server_slug(user), escaped(user), user


def told_owners(samples: Iterable[Sample]) -> dict[str, str]:
    """The users by their folders, as jupyterhub-groups-exporter tells them."""
    found: dict[str, str] = {}
    for sample in samples:
        if user := sample.labels.get("username", ""):
            found |= {sample.labels[name]: user for name in _FOLDERS if sample.labels.get(name)}
    return found


def _exporter(labels: Labels) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in ("job", "namespace", "instance", "pod"))


def _number(sample: Sample | None) -> int | None:
    return int(sample.value) if sample is not None else None


def _moment(sample: Sample | None) -> datetime | None:
    return _moment_at(sample.value) if sample is not None else None


def _moment_at(value: float) -> datetime | None:
    seconds = value / 1e9 if value > _SECONDS else value
    return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None


def _limit_of_age(measured: Mapping[str, Sample], now: datetime) -> float | None:
    """The age above which a folder was passed by while others were measured."""
    moments = (_moment(sample) for sample in measured.values())
    ages = [(now - at).total_seconds() for at in moments if at is not None]
    return max(_LATE * median(ages), _LATE_LEAST) if len(ages) > 1 else None


def _doubt(
    measured: datetime | None,
    changed: datetime | None,
    limit: float | None,
    now: datetime,
) -> str:
    """A gauge of a folder that was deleted stays until its exporter starts again."""
    if measured is None or limit is None:
        return ""
    age = (now - measured).total_seconds()
    recent = changed is not None and (now - changed).total_seconds() < DAY
    if age <= limit or recent:
        return ""
    return f"not measured for {short(age)}, while others were: perhaps it was deleted"
