"""What is checked before a claim is made larger, and what people notice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hubtui.model.claims import ClaimKind, bytes_of
from hubtui.model.expansion import Size, Stage, Way, ability_of, exact, is_under_way
from hubtui.model.hub_db import SIZE
from hubtui.model.kube import Pod
from hubtui.model.plan import Check, Text
from hubtui.model.quantity import parse, short_size
from hubtui.model.roles import Role, role_of, server_of, user_of
from hubtui.model.values_path import dotted
from hubtui.model.why_facts import listed
from hubtui.model.yaml_text import dump
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.expand_facts import Facts


def bound(facts: Facts) -> Check:
    """Whether it has a volume that can grow."""
    name, meta = "claim", facts.claim.metadata
    if meta.deletion_timestamp is not None:
        return stop(name, f"{facts.name} is to be deleted")
    phase = facts.claim.status.phase or "Pending"
    if phase != "Bound" or facts.size is None:
        return stop(name, f"{facts.name} is {phase}: only a bound claim can be expanded")
    return ok(name, f"{facts.name} is Bound, with {short_size(facts.size)}")


def size(facts: Facts, wanted: Size) -> Check:
    """Whether it becomes larger than it is, and than what is asked for."""
    name, has, asked = "size", facts.size or 0, facts.asked or 0
    if wanted.bytes <= has:
        return stop(name, f"{wanted.written} is not more than it has ({exact(has)}): a claim "
                    "never shrinks")  # fmt: skip
    if wanted.bytes <= asked and facts.standing.stage is not Stage.INFEASIBLE:
        return stop(name, f"{exact(asked)} is asked for already")
    if wanted.bytes < asked:
        return ok(name, f"less than the {exact(asked)} that the driver cannot give, and more than "
                  f"the {exact(has)} that it has")  # fmt: skip
    return ok(name, f"{exact(has)} → {wanted.written}, {short_size(wanted.bytes - has)} more")


def under_way(facts: Facts) -> Check | None:
    """Whether an earlier expansion is not through yet."""
    if not is_under_way(facts.claim) or facts.standing.stage is Stage.DONE:
        return None
    said = f": {facts.standing.said}" if facts.standing.said else ""
    words = f"an expansion to {exact(facts.asked or 0)} is under way, {facts.standing.stage}{said}"
    if facts.standing.stage is Stage.INFEASIBLE:
        return warn("under way", words)
    return stop("under way", words, overridable=True)


def allowed(facts: Facts) -> Check:
    """Whether its class allows it."""
    name, of = "class", facts.claim.spec.storage_class_name
    if not of:
        return stop(name, "it has no class: only volumes that a class has made can be expanded")
    if facts.made_by is None:
        return warn(name, f"{of} cannot be read ({facts.reason('storage class')}): the cluster "
                    "decides")  # fmt: skip
    if not facts.made_by.allow_volume_expansion:
        return stop(name, f"{of} allows no expansion; who may change classes can set "
                    "allowVolumeExpansion to true, if its driver can")  # fmt: skip
    return ok(name, f"{of} allows expansion ({facts.made_by.provisioner})")


def driver(facts: Facts) -> Check:
    """Whether what is behind it can, and while pods mount it."""
    name = "driver"
    if facts.volume is None:
        return warn(name, f"its volume cannot be read: {facts.reason('volume') or 'it has none'}")
    able, csi = ability_of(facts.volume), facts.volume.spec.csi
    what = csi.driver if csi is not None else "its volume"
    more = f"; {able.words}" if able.words else ""
    if able.way is Way.NEVER:
        return stop(name, f"{what} cannot be expanded: {able.words}")
    if able.way is Way.ONLINE:
        return ok(name, f"{what} enlarges it while it is mounted{more}")
    if able.way is Way.OFFLINE and facts.pods:
        return warn(name, f"{what} enlarges it only while no pod mounts it: {who(facts.pods)}")
    if able.way is Way.OFFLINE:
        return ok(name, f"{what} enlarges it while no pod mounts it, as now")
    return warn(name, f"whether {what} can, and while pods mount it, is not known{more}")


def quota(facts: Facts, wanted: Size) -> Check:
    """Whether the namespace's quotas let it through."""
    name, more = "quota", wanted.bytes - (facts.asked or 0)
    if why := facts.reason("resource quotas"):
        return warn(name, f"cannot be read: {why}")
    told = []
    for which, left in _room(facts):
        if left < more:
            return stop(name, f"{which} has {short_size(max(left, 0))} left, {short_size(more)} "
                        "more is asked for")  # fmt: skip
        told.append(f"{which}: {short_size(left - more)} left after it")
    return ok(name, "; ".join(told) or "none of storage")


def _room(facts: Facts) -> Iterator[tuple[str, int]]:
    """What each quota of storage has left, in bytes."""
    of = facts.claim.spec.storage_class_name
    keys = ("requests.storage", f"{of}.storageclass.storage.k8s.io/requests.storage")
    for each in facts.quotas:
        for key in keys:
            hard = each.status.hard.get(key)
            if hard is not None:
                left = _number(hard) - _number(each.status.used.get(key, "0"))
                yield f"ResourceQuota {each.metadata.name} ({key})", int(left)


def _number(quantity: str) -> Decimal:
    try:
        return parse(quantity)
    except ValueError:
        return Decimal(0)


def values(facts: Facts, wanted: Size) -> Check | None:
    """Whether the next upgrade leaves it: a claim with a smaller size in the chart fails there."""
    name = "values"
    if facts.unread:
        return warn(name, f"whether the release makes this claim cannot be read: {facts.unread}")
    charted = facts.charted
    if charted is None:
        return _not_charted(facts)
    written = bytes_of(charted.value or charted.size)
    where = dotted((*(charted.path or ()), *SIZE)) if charted.path is not None else "the values"
    if written is not None and written == wanted.bytes:
        return ok(name, f"{where} has {wanted.written} already: an upgrade leaves it")
    return warn(
        name,
        f"the release makes this claim with {charted.value or charted.size or 'no size'}: put "
        f"{wanted.written} into {where} before the next helm upgrade, which fails else, as a claim "
        "cannot shrink",
    )


def _not_charted(facts: Facts) -> Check | None:
    if facts.kind is not ClaimKind.USER:
        return None
    return ok("values", "it is a user's: singleuser.storage.capacity is only for new claims")


def setting(facts: Facts, wanted: Size) -> str:
    """What the values have to say before the next upgrade; empty where there is no need."""
    charted = facts.charted
    if charted is None or bytes_of(charted.value or charted.size) == wanted.bytes:
        return ""
    if charted.path is None:
        return f"{wanted.written}, where they have the size of {facts.name}"
    return f"{dotted((*charted.path, *SIZE))}: {wanted.written}"


def lasting(facts: Facts, wanted: Size) -> tuple[Text, ...]:
    """What to put into the values, where it is known how the chart calls it."""
    charted = facts.charted
    if charted is None or charted.path is None or not setting(facts, wanted):
        return ()
    document: Any = wanted.written
    for key in reversed((*charted.path, *SIZE)):
        document = {key: document}
    lines = dump(document).rstrip().splitlines()
    return (Text("For the values, before the next upgrade", tuple(lines)),)


def notices(facts: Facts, wanted: Size) -> tuple[str, ...]:
    """What people notice, and what it costs."""
    found = []
    if facts.volume is not None and ability_of(facts.volume).way is Way.ONLINE:
        found.append("Nobody notices anything; who uses it has more room some minutes later.")
    elif facts.pods:
        found.append(f"It may take effect only when these end: {who(facts.pods)}.")
    else:
        found.append("No pod mounts it now; the next one that does has the room.")
    found.append(
        f"{short_size(wanted.bytes)} are paid for from now on; it never gets smaller again."
    )
    return tuple(found)


def who(pods: tuple[Pod, ...]) -> str:
    """Pods as people call them."""
    servers = [pod for pod in pods if role_of(pod) is Role.USERS]
    others = [pod.metadata.name for pod in pods if role_of(pod) is not Role.USERS]
    if len(servers) > 3:
        return listed([*others, counted(len(servers), "server")])
    return listed([*others, *(_server(pod) for pod in servers)])


def _server(pod: Pod) -> str:
    user, name = user_of(pod), server_of(pod)
    return f"the server of {user}{f'/{name}' if name else ''}"


def ends(facts_pods: tuple[Pod, ...], release: str) -> tuple[str, ...]:
    """How those who mount it can be ended, as commands."""
    roles = {role_of(pod, release) for pod in facts_pods}
    users = sorted({user_of(pod) for pod in facts_pods if role_of(pod, release) is Role.USERS})
    found = ["hubtui restart hub"] if Role.HUB in roles else []
    return (*found, *(f"hubtui stop {user}" for user in users[:3]))
