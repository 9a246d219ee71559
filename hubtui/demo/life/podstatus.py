"""The status of a pod as its kubelet writes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hubtui.demo.life.containers import Container
from hubtui.demo.life.reading import condition, with_condition
from hubtui.demo.storage import Json


def phase(policy: str, inits: Sequence[Container], mains: Sequence[Container]) -> str:
    """The phase, by the rules of the kubelet's getPhase."""
    steps = [each for each in inits if not each.is_sidecar]
    if policy == "Never" and any(each.ended and not each.is_done for each in steps):
        return "Failed"
    if not is_initialized(inits) or any(each.run == 0 for each in mains):
        return "Pending"
    if any(each.ended is None and each.is_running for each in mains) or policy == "Always":
        return "Running"
    if all(each.is_done for each in mains):
        return "Succeeded"
    if policy == "Never" and all(each.ended is not None for each in mains):
        return "Failed"
    return "Running"


def is_initialized(inits: Sequence[Container]) -> bool:
    """Whether every init step is done and every sidecar has started."""
    return all(each.run > 0 if each.is_sidecar else each.is_done for each in inits)


def status(
    before: Json,
    policy: str,
    inits: Sequence[Container],
    mains: Sequence[Container],
    *,
    now: datetime,
    started: str,
    host: str,
    address: str,
) -> Json:
    """The whole status; `before` gives what others wrote into it."""
    found: Json = {
        **before,
        "phase": phase(policy, inits, mains),
        "conditions": _conditions(before, policy, inits, mains, now, has_sandbox=bool(address)),
        "startTime": started,
        "containerStatuses": [each.status() for each in mains],
    }
    if inits:
        found["initContainerStatuses"] = [each.status() for each in inits]
    if host:
        found |= {"hostIP": host, "hostIPs": [{"ip": host}]}
    if address:
        found |= {"podIP": address, "podIPs": [{"ip": address}]}
    return found


def evicted(before: Json, words: str, now: datetime) -> Json:
    """The status after an eviction by the kubelet; `before` is the one until then. No container is
    told of any more: with one that has ended, kubectl would say how it ended."""
    conditions: list[Json] = before.get("conditions") or []
    told = [(kind, "False", "PodFailed", "") for kind in ("Ready", "ContainersReady")]
    for each in (*told, ("DisruptionTarget", "True", "TerminationByKubelet", words)):
        conditions = with_condition(conditions, condition(conditions, *each, now))
    end = {"phase": "Failed", "reason": "Evicted", "message": words, "containerStatuses": []}
    return {**before, **end, "conditions": conditions}


def _conditions(
    before: Json,
    policy: str,
    inits: Sequence[Container],
    mains: Sequence[Container],
    now: datetime,
    *,
    has_sandbox: bool,
) -> list[Json]:
    conditions: list[Json] = before.get("conditions") or []
    done = phase(policy, inits, mains) == "Succeeded"
    started = [each for each in inits if each.is_sidecar]
    unready = [each.name for each in (*started, *mains) if not each.ready]
    waiting = [each.name for each in inits if not (each.run if each.is_sidecar else each.is_done)]
    sandbox = "True" if has_sandbox and not done else "False"
    told = [("PodReadyToStartContainers", sandbox, "", "")]
    if waiting:
        words = f"containers with incomplete status: [{' '.join(waiting)}]"
        told.append(("Initialized", "False", "ContainersNotInitialized", words))
    else:
        told.append(("Initialized", "True", "PodCompleted" if done else "", ""))
    for kind in ("Ready", "ContainersReady"):
        if done:
            told.append((kind, "False", "PodCompleted", ""))
        elif unready:
            words = f"containers with unready status: [{' '.join(unready)}]"
            told.append((kind, "False", "ContainersNotReady", words))
        else:
            told.append((kind, "True", "", ""))
    for kind, state, reason, message in told:
        new = condition(conditions, kind, state, reason, message, now)
        conditions = with_condition(conditions, new)
    return conditions
