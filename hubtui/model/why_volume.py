"""Volumes that cannot be attached or mounted, and other things that a container waits for."""

from __future__ import annotations

import re

from hubtui.model.holding import attached, holding_of, volume_in
from hubtui.model.kube import Event
from hubtui.model.why_facts import Cause, Evidence, Facts, Why, listed, sentence

_ABSENT = re.compile(
    r'(?P<kind>configmap|secret|persistentvolumeclaim)s? "(?P<name>[^"]+)" not found'
)


def volumes(facts: Facts) -> Why | None:
    """A pod on a node whose volumes are not there."""
    if not _waits(facts):
        return None
    missing = _missing_claim(facts)
    if missing is not None:
        return missing
    event = facts.newest("FailedAttachVolume", "FailedMount", "FailedMapVolume")
    if event is None or _mounted_since(facts, event):
        return None
    multi = facts.newest("FailedAttachVolume", having="multi-attach")
    if multi is not None:
        return _multi_attach(facts, multi)
    absent = _ABSENT.search(event.message)
    if absent is not None:
        kind = {"configmap": "ConfigMap", "secret": "Secret"}.get(absent["kind"], "claim")
        return Why(
            Cause.CONFIG,
            f"It mounts the {kind} {absent['name']}, which does not exist.",
            "The container starts as soon as it is there.",
            "Make it, or take it out of the values.",
        )
    doing = "attached to its node" if event.reason == "FailedAttachVolume" else "mounted"
    claims = f" (claims: {listed(list(facts.claim_names))})" if facts.claim_names else ""
    return Why(
        Cause.VOLUME,
        sentence(f"A volume cannot be {doing}{claims}: {event.message}"),
        "The containers do not start before all volumes are there; the kubelet keeps trying.",
        "Look at the storage (an NFS server that is down, a driver that is not on the node).",
        _attached(facts, facts.claim_names),
    )


def _waits(facts: Facts) -> bool:
    """Whether the pod is on a node and no container of it has ever started."""
    status = facts.pod.status
    every = (*status.init_container_statuses, *status.container_statuses)
    return bool(facts.pod.spec.node_name) and all(
        s.state.running is None and s.state.terminated is None and not s.restart_count
        for s in every
    )


def _mounted_since(facts: Facts, failed: Event) -> bool:
    """Whether a later event says that the containers are under way."""
    for event in facts.events:
        if event is failed:
            return False
        if event.reason in ("Pulling", "Pulled", "Created", "Started"):
            return True
    return False


def _missing_claim(facts: Facts) -> Why | None:
    if not facts.read("claims"):
        return None
    known = {claim.metadata.name: claim for claim in facts.claims}
    for name in facts.claim_names:
        claim = known.get(name)
        state = "does not exist" if claim is None else f"is {claim.status.phase}"
        if claim is None or claim.status.phase == "Lost":
            return Why(
                Cause.CLAIM,
                f"Its claim {name} {state}.",
                "Without its volume it cannot start.",
                "Restore the claim, or delete the pod: a new start of the server makes one.",
            )
    return None


def _multi_attach(facts: Facts, event: Event) -> Why:
    found = holding_of(
        facts.pod,
        volume_in(event.message) or "?",
        claims=facts.claims,
        attachments=facts.attachments,
        others=facts.neighbours,
        nodes=facts.nodes,
        message=event.message,
    )
    return Why(
        Cause.MULTI_ATTACH,
        f"Its {found.words}.",
        "Such a volume can be on one node at a time (Multi-Attach).",
        found.todo,
        _attached(facts, (found.claim,) if found.claim else ()),
    )


def _attached(facts: Facts, names: tuple[str, ...]) -> tuple[Evidence, ...]:
    return attached(facts.claims, facts.attachments, names)


def sandbox(facts: Facts) -> Why | None:
    """A pod whose network or sandbox cannot be made."""
    event = facts.newest("FailedCreatePodSandBox", "FailedCreatePodContainer")
    if event is None or not _waits(facts) or _mounted_since(facts, event):
        return None
    return Why(
        Cause.SANDBOX,
        sentence(f"{facts.pod.spec.node_name} cannot make the pod's sandbox: {event.message}"),
        "Often the network plugin, or a subnet without free addresses.",
        "Look at the network plugin's pod on that node; cordon the node meanwhile.",
        subject=facts.pod.spec.node_name,
    )
