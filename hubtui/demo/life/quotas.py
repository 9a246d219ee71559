"""ResourceQuotas: what they refuse, in the apiserver's words, and how much of them is used."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life.amounts import Amounts, add, amount, asks
from hubtui.demo.life.base import Life
from hubtui.demo.life.reading import ENDED, Key, namespace_of, phase_of
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.objects import Objects
from hubtui.demo.resources import PODS, QUOTAS
from hubtui.demo.storage import Change, Json, key_of

_PLAIN: Final = {"cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}
SETTLE: Final = 1.0
"""Seconds after which the use of a quota is counted again when pods are gone."""


def refusal(objects: Objects, pod: Json) -> str:
    """Why a new pod is refused by a quota of its namespace; "" when it is not. Whoever makes pods
    asks this first: the controllers, and the apiserver for all others."""
    namespace = namespace_of(pod)
    for quota in objects.all(QUOTAS, namespace):
        hard = quota["spec"].get("hard") or {}
        used, more = _used(objects, namespace), _counted(pod)
        over = [name for name in sorted(hard) if _over(name, hard[name], used, more)]
        if over:
            asked = ",".join(f"{n}={_shown(n, more)}" for n in over)
            taken = ",".join(f"{n}={_shown(n, used)}" for n in over)
            limit = ",".join(f"{n}={hard[n]}" for n in over)
            name = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
            return (
                f'pods "{name}" is forbidden: exceeded quota: {quota["metadata"]["name"]}, '
                f"requested: {asked}, used: {taken}, limited: {limit}"
            )
    return ""


def _over(name: str, hard: object, used: Amounts, more: Amounts) -> bool:
    plain = _PLAIN.get(name, name)
    if not more.get(plain):
        return False
    return used.get(plain, 0) + more[plain] > amount(plain, str(hard))


def _counted(pod: Json) -> Amounts:
    requests = {f"requests.{name}": number for name, number in asks(pod).items()}
    limits = {f"limits.{name}": number for name, number in asks(pod, "limits").items()}
    return {"pods": 1, **requests, **limits}


def _used(objects: Objects, namespace: str) -> Amounts:
    total: Amounts = {}
    for pod in objects.all(PODS, namespace):
        if phase_of(pod) not in ENDED:
            add(total, _counted(pod))
    return total


def _shown(name: str, amounts: Amounts) -> str:
    plain = _PLAIN.get(name, name)
    number = amounts.get(plain, 0)
    if plain.endswith("cpu"):
        return str(number // 1000) if number % 1000 == 0 else f"{number}m"
    for suffix, size in (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
        if number and number % size == 0:
            return f"{number // size}{suffix}"
    return str(number)


class Quotas:
    """Keeps the status of ResourceQuotas."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._queue = WorkQueue(life.world.timeline, self._reconcile)

    def see(self, change: Change) -> None:
        """Notes the quotas of a namespace when they or pods there change."""
        if change.resource is QUOTAS:
            self._queue.note((namespace_of(change.object), ""))
        elif change.resource is PODS and change.type != "MODIFIED":
            # Whoever admits a pod counts it; the controller finds out later that one is gone.
            settle = SETTLE if change.type == "DELETED" else 0.0
            self._queue.note((namespace_of(change.object), ""), settle)

    def _reconcile(self, key: Key) -> None:
        quotas = self._life.world.objects.all(QUOTAS, key[0])
        used = _used(self._life.world.objects, key[0]) if quotas else {}
        for quota in quotas:
            hard = quota["spec"].get("hard") or {}
            status = {"hard": hard, "used": {name: _shown(name, used) for name in hard}}
            if status != quota.get("status"):
                namespace, name = key_of(quota)
                head = {"namespace": namespace, "name": name}
                self._life.world.objects.update_status(QUOTAS, {"metadata": head, "status": status})
