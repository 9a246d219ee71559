"""What the claims of a pod mean for its node: kube-scheduler's VolumeBinding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hubtui.demo.life import placing
from hubtui.demo.life.claims import SELECTED, STANDARD, WAITS, claims_of, is_bound
from hubtui.demo.life.reading import Key, namespace_of
from hubtui.demo.objects import Objects
from hubtui.demo.resources import CLAIMS, CLASSES, VOLUMES
from hubtui.demo.storage import Json

FAR: Final = "node(s) didn't match PersistentVolume's node affinity"


@dataclass(frozen=True, slots=True)
class Homes:
    """The volumes of a pod: `missing` says why it can have no node yet, `waiting` are the claims
    whose volume is made for the node that it gets, `terms` the node selectors of the others."""

    missing: str = ""
    waiting: tuple[Key, ...] = ()
    terms: tuple[tuple[Json, ...], ...] = ()

    def reached_from(self, node: Json) -> bool:
        """Whether a node reaches all volumes that there are."""
        return all(any(placing.takes(term, node) for term in terms) for terms in self.terms)


def homes_of(objects: Objects, pod: Json) -> Homes:
    """The volumes of a pod's claims."""
    waiting, terms = [], []
    for name in claims_of(pod):
        key = (namespace_of(pod), name)
        claim = objects.find(CLAIMS, *key)
        if claim is None:
            return Homes(f'persistentvolumeclaim "{name}" not found')
        if is_bound(claim):
            terms += _terms(objects, claim)
        elif _waits(objects, claim):
            waiting.append(key)
        else:
            return Homes("pod has unbound immediate PersistentVolumeClaims")
    return Homes("", tuple(waiting), tuple(terms))


def choose(objects: Objects, claims: Iterable[Key], node: str) -> None:
    """Says for which node the volumes of claims are to be made."""

    def select(claim: Json) -> None:
        claim["metadata"].setdefault("annotations", {})[SELECTED] = node

    for key in claims:
        objects.change(CLAIMS, *key, select)


def _waits(objects: Objects, claim: Json) -> bool:
    storage = objects.find(CLASSES, "", claim["spec"].get("storageClassName", STANDARD))
    return (storage or {}).get("volumeBindingMode") == WAITS


def _terms(objects: Objects, claim: Json) -> list[tuple[Json, ...]]:
    volume = objects.find(VOLUMES, "", claim["spec"].get("volumeName", ""))
    required = ((volume or {"spec": {}})["spec"].get("nodeAffinity") or {}).get("required")
    return [tuple(required["nodeSelectorTerms"])] if required else []
