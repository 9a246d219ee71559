"""What is looked at before images are pulled, and what people notice of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from hubtui.errors import ApiError
from hubtui.model.kinds import DAEMONSETS, PODS
from hubtui.model.kube_needs import Node, Quota
from hubtui.model.plan import Check, Level
from hubtui.model.quantity import parse
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.prepull_facts import Facts

NAMED: Final = 4
"""Nodes that are named; the others are counted."""

_COMPUTE: Final = (
    *("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"),
)
_OF_PODS: Final = ("pods", "count/pods")
_OF_SETS: Final = ("count/daemonsets.apps",)


async def checks(session: ActionSession, facts: Facts, name: str) -> tuple[Check, ...]:
    """All checks of a prepull. Raises UnreachableError."""
    found = (
        images(facts),
        nodes(facts),
        disk(facts),
        *quotas(facts),
        left(facts),
        *await _rights(session, name),
    )
    return tuple(check for check in found if check is not None)


def images(facts: Facts) -> Check:
    """Which nodes lack which images; nothing to do is a stop."""
    seen, title = facts.seen, "images"
    if seen.nodes is None:
        words = f"{counted(len(facts.images), 'image')}; {'; '.join(seen.notes)}"
        return warn(title, f"? which nodes lack them: {words}")
    details = tuple(_where(each.image, each.lacks, each.unknown) for each in seen.images)
    lacking = [each for each in seen.images if each.lacks]
    open_ = [each for each in seen.images if each.unknown and not each.lacks]
    if not seen.nodes:
        return stop(title, "no node takes a puller of this release", overridable=True)
    if not lacking and not open_:
        words = f"all {counted(len(seen.nodes), 'node')} have {_them(len(facts.images))}"
        return Check(title, Level.STOP, f"nothing to do: {words}", True, details)
    words = "; ".join([w for w, each in zip(details, seen.images, strict=True) if each.lacks])
    if open_:
        more = f"? {counted(len(open_), 'image')}: the lists of some nodes are full or empty"
        words = "; ".join(part for part in (words, more) if part)
    return Check(title, Level.WARN if open_ else Level.OK, words, details=details)


def _them(count: int) -> str:
    return "it" if count == 1 else f"all {count}"


def _where(image: str, lacks: Sequence[str], unknown: Sequence[str]) -> str:
    parts = [f"lacking on {named(lacks)}"] if lacks else []
    parts += [f"? on {named(unknown)}"] if unknown else []
    return f"{image}: {', '.join(parts) or 'there'}"


def nodes(facts: Facts) -> Check | None:
    """Where the pullers go, and which of these nodes cannot pull at present."""
    if facts.seen.nodes is None:
        return warn("nodes", "nodes may not be listed: those with a puller are followed")
    if not facts.nodes:
        return None
    words = f"{counted(len(facts.nodes), 'node')} take a puller: {_names(facts.nodes)}"
    silent = [each for each in facts.nodes if each.ready is None or each.ready.status != "True"]
    if silent:
        return warn("nodes", f"{words}; not Ready, not waited for: {_names(silent)}")
    return ok("nodes", words)


def disk(facts: Facts) -> Check | None:
    """Nodes whose disk is short already: a kubelet pulls nothing there, or takes images away."""
    short = [
        node
        for node in facts.nodes
        for condition in node.status.conditions
        if condition.type == "DiskPressure" and condition.status == "True"
    ]
    if not short:
        return None
    return warn("disk", f"short on {_names(short)}: its kubelet evicts pods and removes images")


def quotas(facts: Facts) -> Iterable[Check]:
    """Whether the namespace has room for one pod on each node, and takes pods without requests."""
    if facts.quotas is None:
        yield warn("quota", "? quotas may not be listed")
        return
    wanted = len(facts.nodes)
    for quota in (each for each in facts.quotas if not (each.spec.scopes or _scoped(each))):
        for names, more in ((_OF_PODS, wanted), (_OF_SETS, 1)):
            for name in names:
                left_ = _left(quota, name)
                if left_ is not None and left_ < more:
                    words = f"{quota.metadata.name}: {name} has {left_} left, {more} are needed"
                    yield stop("quota", words, overridable=True)
        if found := [name for name in _COMPUTE if name in quota.status.hard]:
            words = f"{quota.metadata.name} counts {', '.join(found)}: pods without requests are "
            yield warn("quota", words + "refused unless a LimitRange gives them some")


def _scoped(quota: Quota) -> bool:
    return quota.spec.scope_selector is not None


def _left(quota: Quota, name: str) -> int | None:
    hard = quota.status.hard.get(name)
    if hard is None:
        return None
    try:
        return int(parse(hard) - parse(quota.status.used.get(name, "0")))
    except ValueError:
        return None


def left(facts: Facts) -> Check | None:
    """What earlier prepulls have left, or others do at present."""
    if facts.left is None:
        return warn("other prepulls", "? DaemonSets may not be listed")
    if not facts.left:
        return None
    names = ", ".join(f"{each.name} by {each.owner}" for each in facts.left[:NAMED])
    return warn("other prepulls", f"in the cluster: {names}; hubtui prepull --clean looks at them")


async def _rights(session: ActionSession, name: str) -> Iterable[Check]:
    needed = (
        ("create", DAEMONSETS.resource, ""),
        ("delete", DAEMONSETS.resource, name),
        ("list", PODS.resource, ""),
        ("watch", PODS.resource, ""),
    )
    try:
        may = await asyncio.gather(
            *(session.client.can_i(v, r, session.namespace, n) for v, r, n in needed)
        )
    except ApiError as error:
        return (warn("rights", f"cannot be asked: {error.what}"),)
    lacking = [f"{v} {r}" for (v, r, _), there in zip(needed, may, strict=True) if not there]
    if lacking:
        return (stop("rights", f"no right to {', '.join(lacking)}"),)
    words = ", ".join(f"{v} {r}" for v, r, _ in needed)
    return (ok("rights", f"{words}: allowed"),)


def notices(facts: Facts) -> tuple[str, ...]:
    """What users and nodes notice."""
    count = len(facts.missing)
    busy = f"{counted(count, 'node')} pull" if count else "Nodes that lack them pull"
    return (
        "No server is touched and none is moved; servers can be started all the time.",
        f"{busy}: their network and disk are busy. A node pulls one image after the other by "
        "default, so a server that needs another image there waits behind these.",
        "Images take room on the nodes: a kubelet whose disk fills takes unused ones away, "
        "these too after a while.",
        "Each node has one pod more while it runs, without requests; more where images fail, so "
        "that the others come.",
    )


def _names(found: Sequence[Node]) -> str:
    return named([node.metadata.name for node in found])


def named(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
