"""Which release is the hub's, where in its values the hub's stand, and which JupyterHub it runs.

A hub may be the chart `jupyterhub` itself or a sub-chart of any depth (hubploy's `hub`, 2i2c's
`daskhub` → `basehub` → `jupyterhub`); Helm stores a parent's release without its sub-charts.
What is reliably there: the `# Source:` line of each template, and the Secret `hub`, whose
`values.yaml` holds the computed values with `Chart` and `Release` of the hub's chart
(facts.md §1.5).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hubtui.model.manifest import Document, Resource, read_document, texts
from hubtui.model.release import Payload
from hubtui.model.text import safe
from hubtui.model.yaml_text import YamlError, load

CHART = "jupyterhub"

BACKUP = "jupyterhub.sqlite.YYYY-MM-DD-HHMMSS"
"""The copy that JupyterHub makes in /srv/jupyterhub before it changes the schema
(facts.md §1.11)."""

_HUB_TEMPLATE = re.compile(
    r"^# Source: [^/\s]+(?P<charts>(?:/charts/[^/\s]+)*)/templates/hub/deployment\.yaml",
    re.MULTILINE,
)
_SUB_CHART = re.compile(r"^# Source: [^/\s]+/charts/(?P<name>[^/\s]+)/", re.MULTILINE)
_MAJOR_MINOR = re.compile(r"(\d+)\.(\d+)")
_CHART_BLOCK = re.compile(r"^Chart:\n(?:[ \t]+.*(?:\n|$))+", re.MULTILINE)


def hub_path(payload: Payload) -> tuple[str, ...] | None:
    """Where the hub chart's values stand in the release's: () at the root, None without a hub."""
    if payload.chart.name == CHART:
        return ()
    for dependency in payload.chart.dependencies:
        if CHART in (dependency.name, dependency.alias):
            return (dependency.key,)
    found = _HUB_TEMPLATE.search(payload.manifest)
    if found is None or f"app: {CHART}" not in payload.manifest:
        return None
    return tuple(part for part in found["charts"].split("/charts/") if part)


def is_hub_chart(payload: Payload) -> bool:
    """Whether the release runs a JupyterHub of the z2jh chart, as itself or as a sub-chart."""
    return hub_path(payload) is not None


def sub_charts(payload: Payload) -> tuple[str, ...]:
    """The sub-charts that the chart names, or that have rendered something."""
    named = [dependency.name for dependency in payload.chart.dependencies]
    rendered = (found["name"] for found in _SUB_CHART.finditer(payload.manifest))
    return tuple(dict.fromkeys([*named, *rendered]))


def is_hub_secret(document: Document) -> bool:
    """Whether it is the chart's Secret `hub`, under whatever name."""
    if not isinstance(document, Resource) or document.kind != "Secret":
        return False
    data = document.body.get("data")
    labels = document.labels
    return (
        isinstance(data, dict)
        and "values.yaml" in data
        and "hub" in (labels.get("component"), labels.get("app.kubernetes.io/component"))
    )


def hub_values_text(documents: Iterable[Document]) -> str:
    """The computed values of the hub's chart as YAML text, from the Secret; "" without one."""
    for document in documents:
        if isinstance(document, Resource) and is_hub_secret(document):
            try:
                return safe(base64.b64decode(str(document.body["data"]["values.yaml"])).decode())
            except (binascii.Error, UnicodeDecodeError, ValueError):
                return ""
    return ""


def hub_values(documents: Iterable[Document]) -> dict[str, Any]:
    """The computed values of the hub's chart from the Secret; empty when it cannot be read."""
    try:
        values = load(hub_values_text(documents))
    except YamlError:
        return {}
    return values if isinstance(values, dict) else {}


def jupyterhub_version(payload: Payload) -> str | None:
    """The JupyterHub version that a release runs; None when nothing in it says so.

    A `hub.image` of the operator's own may hold another one: this is the chart's word.
    """
    if payload.chart.name == CHART:
        return payload.chart.app_version or None
    return _of_sub_chart(payload, "AppVersion")


def major_minor(version: str) -> tuple[int, int] | None:
    """What of a JupyterHub version its database's schema depends on (facts.md §1.11); None when
    the text is no version."""
    found = _MAJOR_MINOR.match(version)
    return (int(found[1]), int(found[2])) if found else None


def hub_chart_version(payload: Payload) -> str | None:
    """The version of the z2jh chart itself, also where it is a sub-chart; None when unknown."""
    if payload.chart.name == CHART:
        return payload.chart.version or None
    return _of_sub_chart(payload, "Version")


def _of_sub_chart(payload: Payload, field: str) -> str | None:
    # Only the one document is read: this runs for every row of a table.
    for text in texts(payload.manifest):
        if "values.yaml:" in text and "kind: Secret" in text:
            found = _CHART_BLOCK.search(hub_values_text(read_document(text)))
            chart = _chart(found.group()) if found else {}
            if chart.get(field):
                return str(chart[field])
    return None


def _chart(block: str) -> Mapping[str, Any]:
    try:
        chart = load(block)["Chart"]
    except (YamlError, KeyError, TypeError):
        return {}
    return chart if isinstance(chart, dict) else {}


def below(path: Sequence[str], lines: Sequence[str]) -> tuple[str, ...]:
    """Lines of a values.yaml for the hub's chart, in that of a release which has it at `path`."""
    for key in reversed(path):
        lines = [f"{key}:", *(f"  {line}" for line in lines)]
    return tuple(lines)
