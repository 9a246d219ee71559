"""What the parts of life read of stored objects, and how they write conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from hubtui.demo.objects import stamp
from hubtui.demo.storage import Json

Key = tuple[str, str]
"""Namespace and name."""

ENDED: Final = ("Succeeded", "Failed")


def labels_of(thing: Json) -> dict[str, str]:
    """The labels."""
    return thing["metadata"].get("labels") or {}


def uid_of(thing: Json) -> str:
    """The uid."""
    return str(thing["metadata"]["uid"])


def name_of(thing: Json) -> str:
    """The name."""
    return str(thing["metadata"]["name"])


def namespace_of(thing: Json) -> str:
    """The namespace."""
    return str(thing["metadata"].get("namespace", ""))


def controller_uid(thing: Json) -> str:
    """The uid of the object that controls this one; "" for none."""
    owners = thing["metadata"].get("ownerReferences") or ()
    return next((str(each["uid"]) for each in owners if each.get("controller")), "")


def component_of(thing: Json) -> str:
    """The chart's component label in either style."""
    labels = labels_of(thing)
    return labels.get("component") or labels.get("app.kubernetes.io/component", "")


def phase_of(pod: Json) -> str:
    """The phase; Pending before anybody has looked."""
    return str((pod.get("status") or {}).get("phase") or "Pending")


def is_terminating(thing: Json) -> bool:
    """Whether it was told to go."""
    return "deletionTimestamp" in thing["metadata"]


def is_active(pod: Json) -> bool:
    """Whether a controller counts the pod: neither ended nor told to go."""
    return phase_of(pod) not in ENDED and not is_terminating(pod)


def node_of(pod: Json) -> str:
    """The node that a pod is bound to; "" for none."""
    return str(pod["spec"].get("nodeName") or "")


def condition_of(thing: Json, kind: str) -> Json | None:
    """A condition of the status by its type."""
    conditions: Iterable[Json] = (thing.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), None)


def is_true(thing: Json, kind: str) -> bool:
    """Whether a condition is True."""
    found = condition_of(thing, kind)
    return found is not None and found["status"] == "True"


def is_ready(pod: Json) -> bool:
    """Whether the pod's condition says Ready."""
    return is_true(pod, "Ready")


def condition(
    before: Iterable[Json], kind: str, status: str, reason: str, message: str, now: datetime
) -> Json:
    """A condition as it is from now on; its transition time is kept while its status is the same.
    An empty reason or message is left out."""
    old = next((each for each in before if each["type"] == kind), None)
    since = old["lastTransitionTime"] if old and old["status"] == status else stamp(now)
    found = {"type": kind, "status": status, "lastTransitionTime": since}
    return found | {k: v for k, v in (("reason", reason), ("message", message)) if v}


def with_condition(before: Iterable[Json], new: Json) -> list[Json]:
    """Conditions with one of them replaced or added."""
    kept = list(before)
    for index, each in enumerate(kept):
        if each["type"] == new["type"]:
            kept[index] = new
            return kept
    return [*kept, new]


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes these labels; one that is not there takes nothing."""
    if selector is None:
        return False
    if any(labels.get(k) != v for k, v in (selector.get("matchLabels") or {}).items()):
        return False
    return all(satisfies(each, labels) for each in selector.get("matchExpressions") or ())


def satisfies(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy one expression of a label or node selector."""
    operator, value = expression["operator"], labels.get(expression["key"])
    values: list[str] = expression.get("values") or []
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    if value is None or not re.fullmatch(r"-?\d+", value):
        return False
    return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])


def share(value: object, whole: int, *, up: bool) -> int:
    """A number or a percentage of `whole`, rounded up or down (`25%` of 3 is 1 or 0)."""
    text = str(value)
    if not text.endswith("%"):
        return int(text)
    part = int(text[:-1]) * whole
    return -(-part // 100) if up else part // 100
