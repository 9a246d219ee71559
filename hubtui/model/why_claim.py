"""Why a claim is not bound, or not what it asks for.

Source: kube-controller-manager 1.36, `volume/persistentvolume` (the events FailedBinding,
ProvisioningFailed, ExternalProvisioning, WaitForFirstConsumer, ClaimLost), and `volume/expand`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hubtui.model import fullness
from hubtui.model.kube import Event
from hubtui.model.kube_needs import Claim
from hubtui.model.volumes import StorageClass, Volume
from hubtui.model.why_facts import Cause, Evidence, Missing, Why, listed, sentence

_FAILED: Final = ("ProvisioningFailed", "FailedBinding", "ClaimLost", "ClaimMisbound")
_TOLD: Final = 5
"""Events that are shown."""

_NO_CLASS: Final = Why(
    Cause.CLAIM,
    "It names no class.",
    "Only a volume that somebody makes by hand can be bound to it; where the cluster has a default "
    "class, a claim that says nothing gets that.",
    "Make a volume that fits it, or make the claim anew with a class.",
)


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """What is known of a claim: `classes` and `volumes` by name, None where they may not be read;
    `pods` mount it, or wait to; the newest event comes first."""

    claim: Claim
    classes: Mapping[str, StorageClass] | None = None
    volumes: Mapping[str, Volume] | None = None
    pods: Sequence[str] = ()
    events: Sequence[Event] = ()
    missing: tuple[Missing, ...] = field(default=())


def why_claim(facts: ClaimFacts) -> Why:
    """What explains the state of a claim."""
    phase = fullness.phase_of(facts.claim)
    if phase == fullness.DELETING:
        found = _deleting(facts)
    elif phase == "Lost":
        found = _lost(facts)
    elif phase == "Pending":
        found = _pending(facts)
    elif phase == fullness.BOUND:
        found = Why(Cause.UP, "It is bound.", "Its volume is there for the pods that mount it.")
    else:
        found = _resizing(facts, phase)
    return Why(
        found.cause, found.happened, found.means, found.todo, _evidence(facts), facts.missing
    )


def _deleting(facts: ClaimFacts) -> Why:
    pods = listed(list(facts.pods))
    held = (
        f"It stays for as long as {pods} {_mount(facts.pods)} it."
        if pods
        else ("No pod mounts it; what still holds it are its finalizers.")
    )
    return Why(
        Cause.DELETING,
        "It is being deleted.",
        f"{held} A deletion cannot be taken back: what is on it goes with it, unless its volume "
        "is retained.",
        "Save what is needed from a pod that mounts it, before that pod ends." if pods else "",
    )


def _lost(facts: ClaimFacts) -> Why:
    return Why(
        Cause.CLAIM,
        f"Its volume {facts.claim.spec.volume_name or '?'} is gone.",
        "A claim that lost its volume is never bound again; no pod that mounts it starts.",
        "Restore the volume under the same name, or delete the claim and make it anew.",
    )


def _pending(facts: ClaimFacts) -> Why:
    spec = facts.claim.spec
    made_by = (facts.classes or {}).get(spec.storage_class_name)
    if spec.volume_name:
        return _for_volume(facts, spec.volume_name)
    if spec.storage_class_name and facts.classes is not None and made_by is None:
        return Why(
            Cause.CLAIM,
            f"Its class {spec.storage_class_name} does not exist.",
            "Nobody makes a volume for it.",
            f"Make the class; the class of a claim cannot be changed. There "
            f"are: {listed(sorted(facts.classes)) or 'none'}.",
        )
    if not spec.storage_class_name:
        return _NO_CLASS
    failed = next((event for event in facts.events if event.reason in _FAILED), None)
    if failed is not None and _is_newest(facts, failed):
        return Why(
            Cause.CLAIM,
            sentence(f"No volume could be made or found: {failed.message}"),
            "It is tried again and again; pods that mount it wait.",
            _todo(made_by),
        )
    if made_by is not None and made_by.volume_binding_mode == "WaitForFirstConsumer":
        return _for_pod(facts)
    return _made(made_by)


def _is_newest(facts: ClaimFacts, failed: Event) -> bool:
    """Whether nothing was told since but that a volume is waited for."""
    for event in facts.events:
        if event is failed:
            return True
        if event.reason == "ProvisioningSucceeded":
            return False
    return False


def _for_volume(facts: ClaimFacts, name: str) -> Why:
    volume = facts.volumes.get(name) if facts.volumes is not None else None
    if facts.volumes is not None and volume is None:
        return Why(
            Cause.CLAIM,
            f"It asks for the volume {name}, which does not exist.",
            "It waits until there is one of that name.",
            f"Make the volume {name}.",
        )
    other = volume.spec.claim_ref if volume is not None else None
    if other is not None and (other.name, other.namespace) != (
        facts.claim.metadata.name,
        facts.claim.metadata.namespace,
    ):
        return Why(
            Cause.CLAIM,
            f"Its volume {name} belongs to the claim {other.namespace}/{other.name}.",
            "A volume has one claim.",
            "Give it a volume of its own, or free that one.",
        )
    return Why(
        Cause.CLAIM,
        f"It waits to be bound to the volume {name}.",
        "That takes seconds; size, access modes and class of both must agree.",
    )


def _for_pod(facts: ClaimFacts) -> Why:
    if facts.pods:
        return Why(
            Cause.CLAIM,
            f"A volume is made for it where {listed(list(facts.pods))} can run.",
            "Its class makes volumes once a node was chosen for the pod.",
            "Look at why that pod has no node.",
        )
    return Why(
        Cause.STARTING,
        "It waits for its first pod, as meant.",
        "Its class makes the volume where the first pod that mounts it is to run.",
    )


def _made(made_by: StorageClass | None) -> Why:
    maker = made_by.provisioner if made_by is not None else ""
    return Why(
        Cause.CLAIM,
        f"It waits for {maker or 'its class'} to make a volume.",
        "That takes seconds to minutes; longer where the driver's controller is down.",
        "Look at the pods of the storage driver, in kube-system as a rule.",
    )


def _todo(made_by: StorageClass | None) -> str:
    if made_by is not None:
        return f"Look at the pods of {made_by.provisioner}: they say more."
    return "Make a volume that fits it, or give new claims a class."


def _resizing(facts: ClaimFacts, phase: str) -> Why:
    asked = facts.claim.spec.resources.requests.get("storage", "?")
    has = facts.claim.status.capacity.get("storage", "?")
    if phase == "resize pending":
        means = "Its file system grows when a pod mounts it anew."
        todo = (
            f"Restart {listed(list(facts.pods))}." if facts.pods else "Start a pod that mounts it."
        )
        return Why(Cause.VOLUME, f"It has {has} of the {asked} that it asks for.", means, todo)
    said = [c.message for c in facts.claim.status.conditions if c.message]
    if phase == "resize failed":
        return Why(
            Cause.VOLUME,
            sentence(f"It could not be made {asked} large: {said[-1] if said else 'no reason'}"),
            f"It stays at {has}; nothing on it is lost.",
            "Look at what the driver says, and ask for a size that it can give.",
        )
    return Why(Cause.VOLUME, f"It is being made larger, from {has} to {asked}.", "That goes on.")


def _evidence(facts: ClaimFacts) -> tuple[Evidence, ...]:
    conditions = tuple(
        Evidence(
            "condition",
            f"{each.type}: {each.message or each.reason}",
            each.last_transition_time,
            warning="Error" in each.type,
        )
        for each in facts.claim.status.conditions
        if each.status == "True"
    )
    events = tuple(
        Evidence(
            "event",
            f"{each.reason}: {each.message}",
            each.last_seen,
            warning=each.type == "Warning",
        )
        for each in facts.events[:_TOLD]
    )
    return (*conditions, *events)


def _mount(pods: Collection[str]) -> str:
    return "mounts" if len(pods) == 1 else "mount"
