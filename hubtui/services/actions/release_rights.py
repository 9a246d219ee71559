"""What of a new revision the caller may write, asked object by object with access reviews."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError
from hubtui.model.manifest import Key, Resource
from hubtui.model.plan import Check, Level
from hubtui.services.actions.release_facts import Facts, Side
from hubtui.services.feeds import REVIEWS_AT_ONCE
from hubtui.services.hook_evidence import RUNS

NAMED: Final = 6
"""Objects that are named in the evidence; the others are counted."""

_PLURALS: Final = {
    "Endpoints": "endpoints",
    "Ingress": "ingresses",
    "NetworkPolicy": "networkpolicies",
    "IngressClass": "ingressclasses",
    "PriorityClass": "priorityclasses",
    "StorageClass": "storageclasses",
    "RuntimeClass": "runtimeclasses",
    "GatewayClass": "gatewayclasses",
}


_WATCHED: Final = ("list", "watch")
_NAMELESS: Final = ("create", *_WATCHED)
"""Where such a verb is authorised, an object's name is not known."""


@dataclass(frozen=True, slots=True)
class Need:
    """One right that helm will use."""

    verb: str
    resource: str
    namespace: str
    name: str
    title: str
    guessed: bool = False
    """Whether the resource's name was made from the kind, of an API that we do not know."""
    hook: str = ""
    """The event of the hook that it is for, such as `pre-upgrade`."""


def needs(facts: Facts, namespace: str, storage: str) -> list[Need]:
    """What helm will write: objects that change hands by create, patch or delete, and its record.

    An object that is in both revisions is patched; helm creates what is missing, so what is only
    in the target is created, and what is only in the current revision is deleted.
    """
    before = {item.key(namespace): item for item in facts.current.resources}
    after = {item.key(namespace): item for item in facts.target.resources}
    making = _making(on_server=facts.server_side)
    found = [
        _need(verb, key, after[key])
        for key in after
        for verb in (("patch",) if key in before else making)
    ]
    found += [_need("delete", key, before[key]) for key in before if key not in after]
    record = "helm's record"
    found += [Need(verb, storage, namespace, "", record) for verb in ("create", "update")]
    return found


def hook_needs(side: Side, namespace: str, action: str) -> list[Need]:
    """What helm will do for the hooks of an action: each object is made anew, and what is left
    of an earlier run, or is done, is deleted (helm's delete policies). A Job or a Pod is watched
    until it is over, and by helm 4 every object."""
    found = []
    making = _making(on_server=side.server_side)
    by_helm_4 = side.payload is not None and side.payload.apply_method != ""
    events = (f"pre-{action}", f"post-{action}")
    for hook in side.content.hooks if side.content else ():
        event = next((each for each in events if each in hook.hook.events), "")
        for item in hook.objects if event else ():
            if isinstance(item, Resource):
                watched = _WATCHED if by_helm_4 or item.kind in RUNS else ()
                verbs = (*making, "delete", *watched)
                needed = [_need(verb, item.key(namespace), item) for verb in verbs]
                found += [replace(each, hook=event) for each in needed]
    return found


def _making(*, on_server: bool) -> tuple[str, ...]:
    """The verbs that a new object takes: one that the server applies is patched into being."""
    return ("create", "patch") if on_server else ("create",)


async def check(client: KubeClient, wanted: Iterable[Need]) -> Check:
    """Asks for every one of them. Raises UnreachableError."""
    asked = list(wanted)
    if await _everything(client, asked):
        return Check(
            "rights", Level.OK, f"{_objects(asked)} of {_objects(asked)} objects may be written"
        )
    at_once = asyncio.Semaphore(REVIEWS_AT_ONCE)

    async def one(need: Need) -> bool:
        async with at_once:
            name = "" if need.verb in _NAMELESS else need.name
            return await client.can_i(need.verb, need.resource, need.namespace, name)

    try:
        answers = await asyncio.gather(*(one(need) for need in asked))
    except ApiError as error:
        return Check("rights", Level.WARN, f"cannot be asked: {error.what}")
    return _verdict(asked, [need for need, may in zip(asked, answers, strict=True) if not may])


def _verdict(asked: list[Need], denied: list[Need]) -> Check:
    objects = _objects(asked)
    missing = _objects(denied)
    if not denied:
        return Check("rights", Level.OK, f"{objects} of {objects} objects may be written")
    details = _missing(denied)
    more = f" and {len(details) - NAMED} more" if len(details) > NAMED else ""
    evidence = (
        f"{objects - missing} of {objects} objects may be written; no right to "
        f"{', '.join(details[:NAMED])}{more}"
    )
    if all(need.guessed for need in denied):
        evidence = f"{evidence} (as far as their API is known)"
        return Check("rights", Level.WARN, evidence, details=details)
    return Check("rights", Level.STOP, evidence, details=details)


def _missing(denied: list[Need]) -> tuple[str, ...]:
    """What cannot be written, in words; for a hook the rule too, as few know what it takes."""
    found: dict[tuple[str, str], list[Need]] = {}
    for need in denied:
        # A hook's verbs go together: they are one rule.
        found.setdefault((need.title, need.hook or need.verb), []).append(need)
    return tuple(_rule(needed) for needed in found.values())


def _rule(needed: list[Need]) -> str:
    first = needed[0]
    if not first.hook:
        return f"{first.verb} {first.title}"
    verbs = "/".join(need.verb for need in needed)
    place = f" in {first.namespace}" if first.namespace else ""
    return f"{verbs} {first.resource}{place} for the {first.hook} hook {first.title}"


def _objects(needed: list[Need]) -> int:
    return len({need.title for need in needed if need.name})


async def _everything(client: KubeClient, asked: list[Need]) -> bool:
    """Whether one right covers all of it: an administrator of the cluster, or of the namespace
    with nothing cluster-wide to write."""
    try:
        if await client.can_i("*", "*.*"):
            return True
        places = {need.namespace for need in asked}
        if "" in places:
            return False
        return all([await client.can_i("*", "*.*", place) for place in sorted(places)])
    except ApiError:
        return False


def _need(verb: str, key: Key, item: Resource) -> Need:
    resource, guessed = resource_of(item)
    return Need(verb, resource, key.namespace, item.name, item.title, guessed)


def resource_of(item: Resource) -> tuple[str, bool]:
    """`deployments.apps` for an object's kind, and whether it is a guess.

    The built-in APIs follow the rule that the plural is the kind in lower case with an s.
    """
    group = item.api_version.rpartition("/")[0]
    plural = _PLURALS.get(item.kind) or f"{item.kind.lower()}s"
    if item.kind not in _PLURALS and item.kind.endswith("y"):
        plural = f"{item.kind.lower()[:-1]}ies"
    built_in = not group or "." not in group or group.endswith(".k8s.io")
    return (f"{plural}.{group}" if group else plural), not built_in
