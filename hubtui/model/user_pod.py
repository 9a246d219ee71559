"""A server's pod beside what the values say of it: an admission, or a setting that is no value, may
have it ask for something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from hubtui.model.kube_needs import Toleration
from hubtui.model.packing import CPU, Amounts
from hubtui.model.placing import Wanting
from hubtui.model.quantity import short_cores, short_size
from hubtui.model.singleuser import Offer

_BY_THE_SERVER: Final = "node.kubernetes.io/"
"""Tolerations with such a key are given to each pod by the API server."""

_SIZED: Final = ("memory", "storage", "hugepages")


def asked(wanting: Wanting) -> str:
    """What a pod asks for, in words: `cpu 0.5, memory 1G`."""
    words = (f"{name} {_amount(name, wanting.requests[name])}" for name in sorted(wanting.requests))
    return ", ".join(words) or "nothing"


def _amount(resource: str, number: int) -> str:
    if any(word in resource for word in _SIZED):
        return short_size(number)
    return short_cores(Decimal(number) / 1000) if resource == CPU else str(number)


def alike(offer: Wanting, pod: Wanting) -> bool:
    """Whether a pod asks for what an offer says; the server's own tolerations are left out."""
    return _compared(offer) == _compared(pod)


def _compared(wanting: Wanting) -> tuple[object, ...]:
    return (
        wanting.requests,
        wanting.selector,
        wanting.affinity.required if wanting.affinity is not None else None,
        frozenset(_known(wanting.tolerations)),
    )


def _known(tolerations: Sequence[Toleration]) -> list[Toleration]:
    kept = (each for each in tolerations if not each.key.startswith(_BY_THE_SERVER))
    return [replace_operator(each) for each in kept]


def replace_operator(toleration: Toleration) -> Toleration:
    """With the operator that the server takes an empty one for."""
    given = toleration.operator or "Equal"
    return Toleration(toleration.key, given, toleration.value, toleration.effect)


def by_pod(
    offers: Sequence[Offer], name: str, pod: Wanting, limits: Amounts
) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
    """The offers as the newest server's pod shows them, and what is to be said of it.

    The one offer there is takes the pod's numbers; where it may be one of several, the pod is an
    offer of its own. `limits` are those of the pod's containers together.
    """
    if any(alike(each.wanting, pod) for each in offers):
        return tuple(offers), ()
    seen = replace(pod, claims=max((each.wanting.claims for each in offers), default=0))
    words = f"the newest server's pod {name} asks for {asked(pod)}"
    if len(offers) == 1:
        usual = offers[0]
        same = usual.wanting.requests == pod.requests
        told = "for other nodes" if same else f"for {asked(usual.wanting)}"
        found = replace(usual, wanting=seen, limits=limits, unknown=())
        return (found,), (f"{words}, the values {told}: the pod's are taken",)
    extra = Offer(f"as {name}", "", seen, limits)
    return (*offers, extra), (f"{words}, which is no profile's: it is counted by itself",)
