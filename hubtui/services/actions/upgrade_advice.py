"""What can be said of an upgrade from its values and versions alone, before helm is asked.

Nothing here reads anything: `checks` judges plain data, `schema` helm's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from hubtui.model.chart_label import is_older
from hubtui.model.deployment import ValuesMode
from hubtui.model.hub_chart import BACKUP, major_minor
from hubtui.model.merge import merged
from hubtui.model.overlay import nulls, paths
from hubtui.model.plan import Check, Level
from hubtui.model.schema_words import faults
from hubtui.model.values_path import Path, at, dotted, mapping_at
from hubtui.model.z2jh_changes import gone, passed
from hubtui.model.z2jh_values import TRAPS, Found, misplaced, untagged_images
from hubtui.services.actions.common import counted, ok, stop, warn

SHORT: Final = 300.0
"""Seconds under which a timeout seldom suffices to pull an image on every node."""

_CHANGES: Final = "https://z2jh.jupyter.org/en/stable/changelog.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What an upgrade would bring, as far as values and versions tell.

    Values stand as in the release. `given` come with the request, `running` are the operator's of
    the running revision, `values` the operator's that the new one will hold, `defaults` those of
    the new chart. `hub_path` is where the hub's values stand, None when there is no hub in the
    chart; `own_keys` are the keys at the top that the chart and its sub-charts read. Versions are
    of the hub's chart and of JupyterHub, empty when unknown; `other_chart` says that another chart
    than the running one is used. `new_images` are images of user servers that no server runs yet;
    `timeout` is helm's, in seconds.
    """

    mode: ValuesMode
    given: Mapping[str, Any]
    running: Mapping[str, Any]
    values: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    hub_path: Path | None = ()
    own_keys: frozenset[str] = frozenset()
    chart_before: str = ""
    chart_after: str = ""
    hub_before: str = ""
    hub_after: str = ""
    other_chart: bool = False
    new_images: Sequence[str] = ()
    timeout: float | None = None


def checks(upgrade: Upgrade) -> tuple[Check, ...]:
    """What is to be said, one check for each kind of thing; those that find nothing are left out,
    apart from the versions, the database and the values."""
    found: list[Check | None] = [_values_mode(upgrade)]
    if upgrade.hub_path is not None:
        found += [_chart(upgrade), _hub_database(upgrade), *_majors(upgrade), *_hook(upgrade)]
    return tuple(check for check in (*found, *of_values(upgrade)) if check is not None)


def of_values(upgrade: Upgrade) -> tuple[Check, ...]:
    """What the values alone tell: also of an upgrade that helm cannot render."""
    if upgrade.hub_path is None:
        return ()
    found = (_gone(upgrade), *_traps(upgrade), _untagged(upgrade), _level(upgrade))
    return tuple(check for check in found if check is not None)


def schema(
    stderr: str,
    schemas: Mapping[str, Mapping[str, Any]] | None = None,
    places: Mapping[str, Path] | None = None,
) -> Check | None:
    """The check that says where values do not fit; None when helm failed of something else.

    Both by a chart's name: `schemas`, and `places` of its values in the release's.
    """
    found = faults(stderr, schemas, places)
    if not found:
        return None
    words = tuple(str(fault) for fault in found)
    return Check("schema", Level.STOP, _first_of(words), details=words)


def _first_of(words: Sequence[str]) -> str:
    more = len(words) - 1
    return f"{words[0]}; and {more} more" if more else words[0]


def _check(name: str, root: Path, found: Iterable[Found]) -> Check | None:
    """One check of what was found below a root; a stop when any of it breaks something."""
    everything = list(found)
    if not everything:
        return None
    everything.sort(key=lambda one: not one.breaks)
    words = tuple(f"{dotted((*root, *one.path))}: {one.words}" for one in everything)
    breaks = everything[0].breaks
    level = Level.STOP if breaks else Level.WARN
    return Check(name, level, _first_of(words), overridable=breaks, details=words)


def _values_mode(upgrade: Upgrade) -> Check:
    """What becomes of the running revision's values."""
    name = "values"
    set_before = frozenset(paths(upgrade.running))
    lost = sorted(set_before.difference(paths(upgrade.values)))
    if upgrade.mode is ValuesMode.RESET:
        if upgrade.running and not upgrade.given:
            why = "reset, and no values are given: all that was set before is forgotten"
            return stop(name, why, overridable=True)
        if lost:
            words = tuple(dotted(path) for path in lost)
            evidence = f"reset: {counted(len(lost), 'setting')} forgotten: {_first_of(words)}"
            return Check(name, Level.WARN, evidence, details=words)
        return ok(name, "reset: only what is given counts, and nothing set before is missing")
    if upgrade.mode is ValuesMode.REUSE and upgrade.other_chart:
        return warn(
            name,
            "reuse keeps the defaults of the running chart too: what the new chart needs beside "
            "them is missing; reset-then-reuse takes the new ones",
        )
    stays = sorted(set_before.intersection(nulls(upgrade.given)))
    if upgrade.mode is ValuesMode.REUSE and stays:
        words = tuple(f"{dotted(path)}: null does not take it away with reuse" for path in stays)
        return Check(name, Level.WARN, _first_of(words), details=words)
    kept = counted(len(set_before), "setting")
    return ok(name, f"{upgrade.mode}: {kept} of the running revision kept, what is given over them")


def _major(version: str) -> int | None:
    found = re.match(r"v?(\d+)\.", version)
    return int(found[1]) if found else None


def _chart(upgrade: Upgrade) -> Check:
    """From which chart of the hub to which."""
    name = "chart"
    before, after = upgrade.chart_before, upgrade.chart_after
    if not before or not after:
        return warn(name, f"jupyterhub {before or '?'} → {after or '?'}: a version is unknown")
    if before == after:
        return ok(name, f"jupyterhub {after}, as it runs")
    steps = f"jupyterhub {before} → {after}"
    if is_older(after, before):
        words = f"{steps}: goes back; settings that came since are refused or ignored"
        return stop(name, words, overridable=True)
    old, new = _major(before), _major(after)
    majors = passed(old, new) if old is not None and new is not None else ()
    if not majors:
        return ok(name, steps)
    points = tuple(f"{major.number}.0: {point}" for major in majors for point in major.points)
    many = f", over {counted(len(majors), 'major')}: each has its guide" if majors[1:] else ""
    evidence = f"{steps}{many}; breaking changes: {_CHANGES}"
    return Check(name, Level.WARN, evidence, details=points)


def _hub_database(upgrade: Upgrade) -> Check:
    """Whether the new hub can use the database of the old one, and the other way round."""
    name = "hub database"
    before, after = upgrade.hub_before, upgrade.hub_after
    hub = _hub_values(upgrade)
    kind = str(at(hub, ("hub", "db", "type")) or "sqlite-pvc")
    if moved := _moved(upgrade):
        words = f"{moved}: no user, token or running server is known there"
        return stop(name, f"{words} until they are carried over", overridable=True)
    if kind == "sqlite-memory":
        return ok(name, "sqlite-memory: nothing is kept")
    old, new = major_minor(before), major_minor(after)
    if old is None or new is None:
        words = f"JupyterHub {before or '?'} → {after or '?'}: a version is unknown"
        return warn(name, f"{words}; an older hub refuses the schema of a newer one")
    if old == new:
        versions = f"{after} in both" if before == after else f"{before} → {after}"
        return ok(name, f"JupyterHub {versions}: the schema stays")
    steps = f"JupyterHub {before} → {after}"
    if new < old:
        return _down(name, steps, kind)
    skipped = ", ".join(str(major) for major in range(old[0] + 1, new[0]))
    steps += f", past {skipped}" if skipped else ""
    if old[0] == new[0]:
        return ok(name, f"{steps}: a minor step, the schema seldom changes")
    return _up(name, steps, kind, at(hub, ("hub", "db", "upgrade")) is True)


def _moved(upgrade: Upgrade) -> str:
    """To which other database the hub goes, as far as the values name them; empty when it stays."""
    root = upgrade.hub_path or ()
    if root and not mapping_at(upgrade.running, root):
        return ""  # the running values stand elsewhere
    path = (*root, "hub", "db")
    default = mapping_at(upgrade.defaults, path)
    before = merged(default, mapping_at(upgrade.running, path))
    after = merged(default, mapping_at(upgrade.values, path))
    old, new = (str(db.get("type") or "sqlite-pvc") for db in (before, after))
    if old != new:
        return "" if old == "sqlite-memory" else f"{old} → {new}"
    if _place(before) == _place(after):
        return ""
    return f"{dotted((*path, 'url'))} names another server or database"


def _place(db: Mapping[str, Any]) -> str:
    """The server and the database of a URL; its user and password, which may change, are left
    out."""
    return str(db.get("url") or "").partition("?")[0].rpartition("@")[2]


def _down(name: str, steps: str, kind: str) -> Check:
    backup = f"{BACKUP} in /srv/jupyterhub" if kind == "sqlite-pvc" else f"a backup of {kind}"
    words = f"{steps}: the older hub refuses a newer schema; restore {backup} first"
    return stop(name, words, overridable=True)


def _up(name: str, steps: str, kind: str, upgrades: bool) -> Check:
    if kind == "sqlite-pvc":
        words = f"the hub upgrades its schema (--upgrade-db) and keeps {BACKUP}"
        return warn(name, f"{steps}: {words}; the way back needs that file")
    if upgrades:
        words = f"hub.db.upgrade is set, the hub upgrades the schema of {kind}: back it up first"
        return warn(name, f"{steps}: {words}, the way back needs it")
    words = f"the hub will not start on the old schema of {kind}: back it up"
    return stop(name, f"{steps}: {words}, then set hub.db.upgrade: true", overridable=True)


def _hub_values(upgrade: Upgrade) -> Mapping[str, Any]:
    """The hub's values as its chart sees them, its defaults included where they are known."""
    root = upgrade.hub_path or ()
    return merged(mapping_at(upgrade.defaults, root), mapping_at(upgrade.values, root))


def _traps(upgrade: Upgrade) -> Iterator[Check | None]:
    hub = _hub_values(upgrade)
    root = upgrade.hub_path or ()
    for name, trap in TRAPS.items():
        yield _check(name, root, trap(hub))


def _gone(upgrade: Upgrade) -> Check | None:
    """Settings that the new chart's NOTES.txt fails for."""
    major = _major(upgrade.chart_after)
    root = upgrade.hub_path or ()
    if major is None:
        return None
    return _check("removed settings", root, gone(mapping_at(upgrade.values, root), major))


def _majors(upgrade: Upgrade) -> Iterator[Check | None]:
    """What of the values a new major of the chart reads in another way."""
    old, new = _major(upgrade.chart_before), _major(upgrade.chart_after)
    if old is None or new is None:
        return
    hub, root = _hub_values(upgrade), upgrade.hub_path or ()
    for major in passed(old, new):
        found = chain.from_iterable(concern(hub) for concern in major.concerns)
        yield _check(f"chart {major.number}", root, found)


def _untagged(upgrade: Upgrade) -> Check | None:
    root = upgrade.hub_path or ()
    kept = {} if upgrade.mode is ValuesMode.RESET else mapping_at(upgrade.running, root)
    found = untagged_images(mapping_at(upgrade.given, root), kept)
    return _check("images without a tag", root, found)


def _level(upgrade: Upgrade) -> Check | None:
    """Settings at a level where nothing reads them."""
    found = misplaced(upgrade.values, upgrade.hub_path or (), upgrade.own_keys)
    return _check("level", (), found)


def _hook(upgrade: Upgrade) -> Iterator[Check]:
    """Whether new images are pulled before servers need them, and in time."""
    if not upgrade.new_images:
        return
    hub, root = _hub_values(upgrade), upgrade.hub_path or ()
    switch: Path = ("prePuller", "hook", "enabled")
    images = counted(len(upgrade.new_images), "new image")
    if at(hub, switch) is False:
        words = f"{dotted((*root, *switch))} is false, with {images}"
        yield warn("image pull", f"{words}: the first server on each node waits for the pull")
    elif upgrade.timeout is not None and upgrade.timeout < SHORT:
        seconds = f"{upgrade.timeout:g} s"
        words = f"{seconds} for {images} on every node: the hook fails when it takes longer"
        yield warn("timeout", words)
