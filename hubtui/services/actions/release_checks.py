"""Checks of what helm will do to a release that need no more than what was read for the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubtui.clients.helm import Version, history_max
from hubtui.model.hub_chart import (
    BACKUP,
    hub_values,
    is_hub_chart,
    jupyterhub_version,
    major_minor,
)
from hubtui.model.plan import Check
from hubtui.services.actions.common import ok, stop, warn
from hubtui.services.actions.release_facts import Facts, Side


def hub_database(current: Side, target: Side) -> Check | None:
    """Whether the older hub can read the database of the newer one; None without a hub."""
    name = "hub database"
    if not (current.payload and target.payload) or not is_hub_chart(target.payload):
        return None
    kind = _database(target)
    if kind == "sqlite-memory":
        return ok(name, "sqlite-memory: nothing is kept")
    before, after = _hub_version(current), _hub_version(target)
    old, new = major_minor(before), major_minor(after)
    if old is None or new is None:
        unknown = current if old is None else target
        return warn(
            name,
            f"which JupyterHub revision {unknown.head.revision} runs is unknown: "
            "an older hub refuses the schema of a newer one",
        )
    if new == old:
        return ok(name, f"JupyterHub {_versions(before, after)}: the schema stays")
    if new > old:
        return ok(name, f"JupyterHub {before} → {after}: the newer hub upgrades the schema itself")
    return stop(name, f"JupyterHub {before} → {after}: {_restore(kind)}", overridable=True)


def _versions(before: str, after: str) -> str:
    return f"{after} in both" if before == after else f"{before} → {after}"


def _restore(kind: str) -> str:
    refuses = "the older hub refuses a newer schema"
    if kind in ("sqlite-pvc", ""):
        return f"{refuses}; restore {BACKUP} in /srv/jupyterhub first"
    return f"{refuses}; restore a backup of the {kind} database first"


def helm_fits(facts: Facts) -> Check:
    """Whether the helm there is can do it: old enough a method, new enough a version."""
    name = "helm"
    if facts.version is None:
        return stop(name, facts.helm_error)
    for side in (facts.target, facts.current):
        method = side.payload.apply_method if side.payload else ""
        if method and facts.version.major < 4:
            return stop(
                name,
                f"{facts.version} is older than the helm 4 that wrote revision "
                f"{side.head.revision} ({method}): use helm 4",
            )
    return ok(name, _helm_words(facts.version, facts.target))


def _helm_words(version: Version, target: Side) -> str:
    if target.payload is None:
        return str(version)
    how = "server-side apply" if target.payload.apply_method == "ssa" else "client-side apply"
    as_in = f" as in revision {target.head.revision}" if target.there else ""
    return f"{version}, {how}{as_in}"


def history(facts: Facts) -> Check:
    """Whether old revisions are kept."""
    count = len(facts.heads)
    return ok("history", f"all {count} revisions stay (--history-max {history_max(count)})")


def _hub_version(side: Side) -> str:
    return (jupyterhub_version(side.payload) if side.payload else None) or ""


def _database(side: Side) -> str:
    values: Any = hub_values(side.content.objects) if side.content else {}
    for name in ("hub", "db", "type"):
        values = values.get(name) if isinstance(values, Mapping) else None
    return str(values or "")
