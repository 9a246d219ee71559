"""Who holds a volume that only one node may have, while another one needs it.

Source: the attach/detach controller of Kubernetes 1.36, `reportMultiAttachError`; a volume of a
lost node is taken from it after six minutes (`maxWaitForUnmountDuration`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Attachment, Claim, Node
from hubtui.model.why_facts import Evidence, claim_names, listed

_SINGLE: Final = frozenset({"ReadWriteOnce", "ReadWriteOncePod"})
_MULTI_ATTACH: Final = re.compile(r'Multi-Attach error for volume "(?P<volume>[^"]+)"')
_USED_BY: Final = re.compile(r"used by pod\(s\) (?P<pods>[^.]+)")


@dataclass(frozen=True, slots=True)
class Holder:
    """Another pod that mounts the claim: `ending` when it is to be deleted, `lost` when its node
    does not answer."""

    pod: str
    node: str
    ending: bool = False
    lost: bool = False

    def __str__(self) -> str:
        more = ", being deleted" if self.ending else ""
        silent = ", which does not answer" if self.lost else ""
        return f"{self.pod} (on {self.node}{silent}{more})"


@dataclass(frozen=True, slots=True)
class Holding:
    """A volume that is needed on one node and is elsewhere.

    `nodes` have it attached, `pods` mount it there; `told` are the pods that the cluster names
    where none could be seen. `claim` is empty where only the volume is known.
    """

    claim: str
    volume: str
    needed_on: str
    nodes: tuple[str, ...] = ()
    pods: tuple[Holder, ...] = ()
    told: str = ""

    @property
    def words(self) -> str:
        """Who holds it where, in one sentence that goes on after `its` or `the`."""
        what = f"claim {self.claim}" if self.claim else f"volume {self.volume}"
        where = f"node {listed(list(self.nodes))}" if self.nodes else "another node"
        holders = listed([str(each) for each in self.pods]) or self.told
        held = f", held by pod {holders}" if holders else ""
        return f"{what} is still attached to {where}{held}; it is needed on {self.needed_on}"

    @property
    def todo(self) -> str:
        """What brings it free."""
        if any(each.ending for each in self.pods):
            return (
                "Wait until that pod is gone; if its node is lost, remove the node. Delete it by "
                "force only when the machine is surely off."
            )
        if self.pods:
            return "Stop that pod first, if it may end."
        return (
            "The volume comes free some six minutes after its last pod; then it starts by itself."
        )

    @property
    def stuck(self) -> Holder | None:
        """The pod that should be gone and is not."""
        return next((each for each in self.pods if each.ending), None)


def holding_of(
    pod: Pod,
    volume: str,
    *,
    claims: Iterable[Claim],
    attachments: Iterable[Attachment],
    others: Iterable[Pod],
    nodes: Iterable[Node] = (),
    message: str = "",
) -> Holding:
    """Who has a volume that a pod needs; `message` is what the cluster said of it."""
    claim = next((c for c in claims if c.spec.volume_name == volume), None)
    name = claim.metadata.name if claim else ""
    here = pod.spec.node_name
    lost = {n.metadata.name for n in nodes if n.ready is not None and n.ready.status != "True"}
    told = _USED_BY.search(message)
    elsewhere = sorted(
        {
            each.spec.node_name
            for each in attachments
            if each.spec.source.persistent_volume_name == volume and each.spec.node_name != here
        }
    )
    pods = [
        _holder(each, lost)
        for each in others
        if name
        and each.spec.node_name not in ("", here)
        and _runs(each)
        and name in claim_names(each)
    ]
    return Holding(
        name, volume, here, tuple(elsewhere), tuple(pods), told["pods"].strip() if told else ""
    )


def volume_in(message: str) -> str:
    """The volume that a Multi-Attach error is about; empty in any other message."""
    found = _MULTI_ATTACH.search(message)
    return found["volume"] if found else ""


def is_single(claim: Claim) -> bool:
    """Whether only one node may have it at a time."""
    return bool(claim.spec.access_modes) and _SINGLE.issuperset(claim.spec.access_modes)


def attached(
    claims: Iterable[Claim], attachments: Iterable[Attachment], names: Collection[str]
) -> tuple[Evidence, ...]:
    """Where the volumes of the named claims are attached, and what stands in their way."""
    volumes = {c.spec.volume_name: c.metadata.name for c in claims if c.metadata.name in names}
    found = []
    for each in attachments:
        name = volumes.get(each.spec.source.persistent_volume_name)
        if name is None:
            continue
        state = "attached to" if each.status.attached else "being attached to"
        errors = (each.status.attach_error, each.status.detach_error)
        said = "; ".join(error.message for error in errors if error is not None)
        words = f"{name} is {state} {each.spec.node_name}{f': {said}' if said else ''}"
        found.append(Evidence("attachment", words, warning=bool(said)))
    return tuple(found)


def _runs(pod: Pod) -> bool:
    return pod.status.phase not in ("Succeeded", "Failed")


def _holder(pod: Pod, lost: Collection[str]) -> Holder:
    return Holder(
        pod.metadata.name,
        pod.spec.node_name,
        ending=pod.metadata.deletion_timestamp is not None,
        lost=pod.spec.node_name in lost,
    )
