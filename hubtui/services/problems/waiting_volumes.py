"""Pods that have a node and wait there for a volume: what the cluster says, and who holds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubtui.model.holding import Holding, attached, holding_of, is_single, volume_in
from hubtui.model.kube import ContainerStatus, Event, Pod
from hubtui.model.problem import Evidence, Fix, Missing, Verb
from hubtui.model.why_facts import claim_names, evidence_of, sentence
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import looks_at, placed_at, statuses
from hubtui.services.problems.situation import Situation, VolumesSeen

FAILED: Final = ("FailedAttachVolume", "FailedMount", "FailedMapVolume")

_GOES_ON: Final = ("Pulling", "Pulled", "Created", "Started", "BackOff", "Failed")
"""What is said of a pod whose volumes are there."""

_BEFORE: Final = ("", "ContainerCreating", "PodInitializing")
"""What a container waits for that nobody has begun to start."""

MOVING: Final = 60.0
"""Seconds in which a volume goes from one node to the next after a pod that ended as meant."""

TRYING: Final = 30.0
"""Seconds in which an attach or a mount may fail and come right by itself."""

LATE: Final = 30.0
"""Seconds after its grace time in which the pod that holds a volume should be gone."""

ATTACHMENTS: Final = "volume attachments"
CLAIMS: Final = "claims"

_FOR_VOLUME: Final = re.compile(r'for volume "(?P<name>[^"]+)"')
_UNMOUNTED: Final = re.compile(r"unmounted volumes=\[(?P<names>[^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Stuck:
    """A pod that waits for a volume: since when, the last that was said of it if anything was, and
    who holds the volume if another node has it."""

    row: PodRow
    event: Event | None
    since: datetime | None
    holding: Holding | None

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims that it is about."""
        if self.holding is not None and self.holding.claim:
            return (self.holding.claim,)
        return claim_names(self.row.pod)

    @property
    def words(self) -> str:
        """What it waits for, to go on after the pod's name."""
        if self.holding is not None:
            return f"waits: {self.holding.words}"
        names = ", ".join(self.claims)
        return f"waits for its volume (claim {names}), which cannot be {self.doing}"

    @property
    def doing(self) -> str:
        """What cannot be done with it."""
        told = self.event.reason if self.event is not None else ""
        return "attached" if told == "FailedAttachVolume" else "mounted"


def awaits_volumes(row: PodRow) -> bool:
    """Whether a pod with claims is on a node and no container of it has been looked at there."""
    pod = row.pod
    if not pod.spec.node_name or pod.metadata.deletion_timestamp is not None:
        return False
    if pod.status.phase not in ("Pending", "") or not claim_names(pod):
        return False
    return all(_is_untouched(each) for each in statuses(pod))


def _is_untouched(status: ContainerStatus) -> bool:
    state = status.state
    if state.running is not None or state.terminated is not None or status.restart_count:
        return False
    return state.waiting is None or state.waiting.reason in _BEFORE


def stuck(seen: Situation, row: PodRow) -> Stuck | None:
    """How a pod waits for a volume; None when it does not, or not yet for longer than is usual."""
    if not awaits_volumes(row):
        return None
    told = seen.events_of(row)
    event = next((each for each in told if each.reason in (*FAILED, *_GOES_ON)), None)
    if event is not None and event.reason in _GOES_ON:
        return None
    event = next((each for each in told if _is_of_claim(row.pod, each)), None)
    holding = _holding(seen, row, event)
    if event is None and holding is None:
        return None
    patience = TRYING
    if holding is not None:
        patience = 0.0 if _is_kept(seen, holding) else MOVING
    since = placed_at(row.pod)
    return Stuck(row, event, since, holding) if seen.seconds(since) >= patience else None


def _is_of_claim(pod: Pod, event: Event) -> bool:
    """Whether an event says that a claim's volume is not there; Secrets and tokens are late for a
    moment at each start."""
    if event.reason not in FAILED:
        return False
    message = event.message
    others = {v.name for v in pod.spec.volumes if v.persistent_volume_claim is None}
    found = _FOR_VOLUME.search(message)
    if found is not None:
        return found["name"] not in others
    unmounted = _UNMOUNTED.search(message)
    names = set(re.split(r"[\s,]+", unmounted["names"].strip())) if unmounted else set()
    return not names or bool(names - others)


def _holding(seen: Situation, row: PodRow, event: Event | None) -> Holding | None:
    """Who has the volume elsewhere, by the cluster's word or by its attachments."""
    known, message = seen.volumes, event.message if event is not None else ""
    volume = volume_in(message) or _elsewhere(known, row.pod)
    if not volume:
        return None
    return holding_of(
        row.pod,
        volume,
        claims=known.claims or (),
        attachments=known.attachments or (),
        others=known.pods,
        nodes=seen.nodes.values(),
        message=message,
    )


def _elsewhere(known: VolumesSeen, pod: Pod) -> str:
    """The pod's volume that only one node may have and that another node has."""
    mounted, here = claim_names(pod), pod.spec.node_name
    volumes = {
        claim.spec.volume_name
        for claim in known.claims or ()
        if claim.metadata.name in mounted and is_single(claim)
    }
    for each in known.attachments or ():
        volume = each.spec.source.persistent_volume_name
        if volume in volumes and each.spec.node_name != here:
            return volume
    return ""


def _is_kept(seen: Situation, holding: Holding) -> bool:
    """Whether waiting alone is of no use: who holds it runs on, is late, or on a lost node."""
    late = {
        pod.metadata.name
        for pod in seen.volumes.pods
        if pod.metadata.deletion_timestamp is not None
        and seen.seconds(pod.metadata.deletion_timestamp) > LATE
    }
    return any(each.lost or not each.ending or each.pod in late for each in holding.pods)


def evidence(seen: Situation, found: Stuck) -> tuple[Evidence, ...]:
    """What shows it."""
    pod = found.row.pod
    words = f"{pod.metadata.name} on {pod.spec.node_name} {found.words}"
    shown = [Evidence("pod", sentence(words), found.since, warning=True)]
    shown += [evidence_of(found.event)] if found.event is not None else []
    known = seen.volumes
    shown += attached(known.claims or (), known.attachments or (), found.claims)
    for each in found.holding.pods if found.holding else ():
        node = seen.nodes.get(each.node)
        if node is not None and node.ready is not None and each.lost:
            said = f": {node.ready.message}" if node.ready.message else ""
            words = f"{each.node}: Ready is {node.ready.status}{said}"
            shown.append(Evidence("node", words, node.ready.last_transition_time, warning=True))
    return tuple(shown)


def todo(found: Stuck) -> str:
    """What to do."""
    if found.holding is not None:
        return found.holding.todo
    return "Look at the storage: an NFS server that is down, a driver that is not on the node."


def fixes(found: Stuck) -> tuple[Fix, ...]:
    """What can be started; force only for a pod that should be gone, with its name typed."""
    looks = looks_at(found.row.pod.metadata.name)
    kept = found.holding.stuck if found.holding is not None else None
    if kept is None:
        return looks
    words = f"delete {kept.pod} by force, only when the machine is surely off"
    return (*looks, Fix(Verb.DELETE_POD, kept.pod, words, force=True))


def missing(seen: Situation) -> tuple[Missing, ...]:
    """What would have told more."""
    return seen.unread("events", CLAIMS, ATTACHMENTS, "nodes")
