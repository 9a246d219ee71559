"""Label and field selectors, in the grammar of apimachinery's `labels` and `fields`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from hubtui.demo.refusals import bad_request
from hubtui.demo.resources import Resource
from hubtui.demo.storage import Json

Match = Callable[[Json], bool]

_ALL: Final = ("metadata.name", "metadata.namespace")
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "status.phase"),
    "Secret": ("type",),
    "Node": ("spec.unschedulable",),
    "Namespace": ("status.phase",),
    "Job": ("status.successful",),
    "Event": (
        *("involvedObject.kind", "involvedObject.name", "involvedObject.namespace"),
        *("involvedObject.uid", "involvedObject.apiVersion", "involvedObject.fieldPath"),
        *("involvedObject.resourceVersion", "reason", "reportingComponent", "source", "type"),
    ),
}
"""The fields besides name and namespace that a kind may be selected by (its `ToSelectableFields`).
"""

_REQUIREMENT: Final = re.compile(
    r"\s*(?:!\s*(?P<absent>[\w./-]+)|(?P<key>[\w./-]+)"
    r"(?:\s+(?P<set>in|notin)\s*\((?P<values>[^)]*)\)|\s*(?P<op>==|=|!=)\s*(?P<value>[\w.-]*)|))"
    r"\s*(?:,|$)"
)


def labels(selector: str) -> Match:
    """What a labelSelector lets through. Raises RefusedError (400)."""
    tests = []
    at = 0
    while at < len(selector):
        found = _REQUIREMENT.match(selector, at)
        if found is None or found.end() == at:
            raise bad_request(
                f'unable to parse requirement: found "{selector[at:]}", expected: identifier'
            )
        tests.append(_label(found))
        at = found.end()
    return lambda thing: all(test(thing["metadata"].get("labels") or {}) for test in tests)


def _label(found: re.Match[str]) -> Callable[[dict[str, str]], bool]:
    key = found["absent"] or found["key"]
    if found["absent"]:
        return lambda have: key not in have
    if found["set"]:
        values = frozenset(part.strip() for part in found["values"].split(","))
        wanted = found["set"] == "in"
        return lambda have: (have.get(key) in values) is wanted
    if found["op"]:
        value, same = found["value"], found["op"] != "!="
        return lambda have: (have.get(key) == value) is same
    return lambda have: key in have


def fields(selector: str, resource: Resource) -> Match:
    """What a fieldSelector lets through. Raises RefusedError (400) for a field that is none."""
    tests: list[Match] = []
    for part in filter(None, selector.split(",")):
        key, operator, value = _split(part)
        if not operator:
            raise bad_request(f"invalid selector: '{selector}'; can't understand '{part}'")
        if key not in (*_ALL, *_FIELDS.get(resource.kind, ())):
            raise bad_request(f"field label not supported: {key}")
        tests.append(_field(key, value, operator != "!="))
    return lambda thing: all(test(thing) for test in tests)


def _split(part: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        key, found, value = part.partition(operator)
        if found:
            return key, operator, value
    return part, "", ""


def _field(key: str, value: str, same: bool) -> Match:
    return lambda thing: (_text(thing, key.split(".")) == value) is same


def _text(thing: Json, path: list[str]) -> str:
    found: Any = thing
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    if path == ["source"]:
        return str((found or {}).get("component", ""))
    if isinstance(found, bool):
        return str(found).lower()
    if found is None:
        return {"spec.unschedulable": "false", "status.successful": "0"}.get(".".join(path), "")
    return str(found)
