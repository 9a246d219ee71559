"""What pods ask of nodes, as numbers: millicores for cpu, bytes or pieces for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from hubtui.demo.storage import Json
from hubtui.model.quantity import parse

Amounts = dict[str, int]

LEAST = {"cpu": 100, "memory": 200 * 2**20}
"""What a container without requests counts for when nodes are compared (kube-scheduler)."""


@lru_cache(maxsize=4096)
def amount(resource: str, text: str) -> int:
    """A quantity as a whole number, rounded up; what cannot be read is 0."""
    try:
        number = parse(text)
    except ValueError:
        return 0
    return -int(-(number * 1000 if resource.endswith("cpu") else number) // 1)


def amounts(written: Mapping[str, object] | None) -> Amounts:
    """Written quantities as numbers."""
    return {name: amount(name, str(text)) for name, text in (written or {}).items()}


def asks(pod: Json, kind: str = "requests") -> Amounts:
    """What a pod asks for (or its limits), by Kubernetes' rule for init containers and sidecars:
    the sum of what runs at the end, or the largest init step with the sidecars before it."""
    spec = pod["spec"]
    main: Amounts = {}
    for container in spec.get("containers") or ():
        add(main, _of(container, kind))
    sidecars: Amounts = {}
    largest: Amounts = {}
    for step in spec.get("initContainers") or ():
        if step.get("restartPolicy") == "Always":
            add(sidecars, _of(step, kind))
            here = dict(sidecars)
        else:
            here = dict(sidecars)
            add(here, _of(step, kind))
        for name, number in here.items():
            largest[name] = max(largest.get(name, 0), number)
    add(main, sidecars)
    for name, number in largest.items():
        main[name] = max(main.get(name, 0), number)
    if kind == "requests":
        add(main, amounts(spec.get("overhead")))
    return main


def weighs(pod: Json) -> tuple[int, int]:
    """Millicores and bytes that a pod counts for when nodes are compared."""
    containers: Iterable[Json] = pod["spec"].get("containers") or ()
    each = [LEAST | _of(container, "requests") for container in containers]
    return sum(one["cpu"] for one in each), sum(one["memory"] for one in each)


def _of(container: Json, kind: str) -> Amounts:
    return amounts((container.get("resources") or {}).get(kind))


def add(total: Amounts, more: Mapping[str, int], sign: int = 1) -> None:
    """Adds amounts to a total in place."""
    for name, number in more.items():
        total[name] = total.get(name, 0) + sign * number
