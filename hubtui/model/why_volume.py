"""Volumes that cannot be attached or mounted, and other things that a container waits for."""

from __future__ import annotations

import re

from hubtui.model.kube import Event, Pod
from hubtui.model.why_facts import Cause, Evidence, Facts, Why, claim_names, listed, sentence

_MULTI_ATTACH = re.compile(r'Multi-Attach error for volume "([^"]+)"')
_USED_BY = re.compile(r"used by pod\(s\) (?P<pods>[^.]+)")
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
    match = _MULTI_ATTACH.search(event.message)
    volume = match.group(1) if match else "?"
    claim = next((c for c in facts.claims if c.spec.volume_name == volume), None)
    name = claim.metadata.name if claim else ""
    here = facts.pod.spec.node_name
    nodes = [
        a.spec.node_name
        for a in facts.attachments
        if a.spec.source.persistent_volume_name == volume and a.spec.node_name != here
    ]
    pods = [p for p in facts.neighbours if name and name in claim_names(p)]
    told = _USED_BY.search(event.message)
    holders = [f"{p.metadata.name}{_on(p)}" for p in pods] or (
        [told["pods"].strip()] if told else []
    )
    held = f", held by pod {listed(holders)}" if holders else ""
    where = f"node {listed(sorted(nodes))}" if nodes else "another node"
    what = f"claim {name}" if name else f"volume {volume}"
    return Why(
        Cause.MULTI_ATTACH,
        f"Its {what} is still attached to {where}{held}; it is needed on {here}.",
        "Such a volume can be on one node at a time (Multi-Attach).",
        _free(pods),
        _attached(facts, (name,) if name else ()),
    )


def _on(pod: Pod) -> str:
    ending = ", being deleted" if pod.metadata.deletion_timestamp else ""
    return f" (on {pod.spec.node_name or 'no node'}{ending})"


def _free(pods: list[Pod]) -> str:
    if any(pod.metadata.deletion_timestamp for pod in pods):
        return (
            "Wait until that pod is gone; if its node is lost, remove the node. Delete it by "
            "force only when the machine is surely off."
        )
    if pods:
        return "Stop that pod first, if it may end."
    return "The volume comes free some six minutes after its last pod; then it starts by itself."


def _attached(facts: Facts, names: tuple[str, ...]) -> tuple[Evidence, ...]:
    """Where the volumes of some claims are attached, and what stands in their way."""
    volumes = {
        c.spec.volume_name: c.metadata.name for c in facts.claims if c.metadata.name in names
    }
    found = []
    for each in facts.attachments:
        name = volumes.get(each.spec.source.persistent_volume_name)
        if name is None:
            continue
        state = "attached to" if each.status.attached else "being attached to"
        errors = (each.status.attach_error, each.status.detach_error)
        said = "; ".join(error.message for error in errors if error is not None)
        words = f"{name} is {state} {each.spec.node_name}{f': {said}' if said else ''}"
        found.append(Evidence("attachment", words, warning=bool(said)))
    return tuple(found)


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
