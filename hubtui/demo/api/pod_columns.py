"""READY, STATUS and RESTARTS of a pod, by the rules of the apiserver's printers (`printPod` in
pkg/printers/internalversion)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hubtui.demo.storage import Json

_ENDED = ("Succeeded", "Failed")


def columns(pod: Json) -> list[Any]:
    """The three columns."""
    status, spec = pod.get("status") or {}, pod["spec"]
    steps: list[Json] = spec.get("initContainers") or []
    sidecars = {each["name"] for each in steps if each.get("restartPolicy") == "Always"}
    inits: list[Json] = status.get("initContainerStatuses") or []
    mains: list[Json] = status.get("containerStatuses") or []
    words, step = _of_pod(status), _unfinished(inits, sidecars)
    begun = inits if step is None else inits[:step]
    ready = sum(_is_up(each) for each in begun if each["name"] in sidecars)
    if step is not None:
        words = _of_step(inits[step], f"{step}/{len(steps)}")
    if step is None or _has(status, "Initialized"):
        ready += sum(_is_up(each) for each in mains)
        words = _of_containers(status, mains, words)
        restarts = _restarts(mains) + _restarts(each for each in begun if each["name"] in sidecars)
    else:
        restarts = _restarts(inits[: step + 1])
    whole = len(spec.get("containers") or ()) + len(sidecars)
    return [f"{ready}/{whole}", _of_deletion(pod, status) or words, restarts]


def _of_pod(status: Json) -> str:
    """What the pod as a whole says."""
    gated = any(
        each["type"] == "PodScheduled" and each.get("reason") == "SchedulingGated"
        for each in status.get("conditions") or ()
    )
    words = status.get("reason") or status.get("phase", "Pending")
    return "SchedulingGated" if gated else str(words)


def _unfinished(inits: list[Json], sidecars: set[str]) -> int | None:
    """The first init step that is not over: a sidecar is when it has started."""
    for index, each in enumerate(inits):
        ended = _state(each, "terminated")
        is_over = ended is not None and not ended.get("exitCode")
        if not is_over and not (each["name"] in sidecars and each.get("started")):
            return index
    return None


def _of_step(container: Json, count: str) -> str:
    ended, waits = _state(container, "terminated"), _state(container, "waiting")
    if ended is not None:
        return f"Init:{_how(ended)}"
    reason = (waits or {}).get("reason") or "PodInitializing"
    return f"Init:{count if reason == 'PodInitializing' else reason}"


def _of_containers(status: Json, mains: list[Json], words: str) -> str:
    """What the first container says that says anything; one that is up outweighs what is done."""
    for each in reversed(mains):
        waits, ended = _state(each, "waiting"), _state(each, "terminated")
        if waits is not None and waits.get("reason"):
            words = waits["reason"]
        elif ended is not None:
            words = _how(ended)
    if words == "Completed" and any(map(_is_up, mains)):
        return "Running" if _has(status, "Ready") else "NotReady"
    return words


def _of_deletion(pod: Json, status: Json) -> str:
    if "deletionTimestamp" not in pod["metadata"]:
        return ""
    if status.get("reason") == "NodeLost":
        return "Unknown"
    return "" if status.get("phase") in _ENDED else "Terminating"


def _how(ended: Json) -> str:
    """How a container ended."""
    if ended.get("reason"):
        return str(ended["reason"])
    signal = ended.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{ended.get('exitCode', 0)}"


def _is_up(container: Json) -> bool:
    return bool(container.get("ready")) and _state(container, "running") is not None


def _state(container: Json, which: str) -> Json | None:
    found: Json | None = (container.get("state") or {}).get(which)
    return found


def _has(status: Json, kind: str) -> bool:
    conditions = status.get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _restarts(containers: Iterable[Json]) -> int:
    return sum(int(each.get("restartCount", 0)) for each in containers)
