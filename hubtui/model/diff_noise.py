"""What changes of itself, and why it needs no look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtui.model.diff_content import Content, at
from hubtui.model.diff_tree import Difference, Kind
from hubtui.model.merge_keys import is_default, says_nothing

CHECKSUM = "checksum"
CHART_VERSION = "chart version"
GENERATED = "generated secret"
DEFAULT = "the default"

_CHART_LABELS = frozenset(("helm.sh/chart", "chart"))
_SERVICE = "hub.services."
_GENERATED = {
    "hub.config.JupyterHub.cookie_secret": (
        ("hub", "cookieSecret"),
        ("hub", "config", "JupyterHub", "cookie_secret"),
    ),
    "hub.config.ConfigurableHTTPProxy.auth_token": (
        ("proxy", "secretToken"),
        ("hub", "config", "ConfigurableHTTPProxy", "auth_token"),
    ),
    "hub.config.CryptKeeper.keys": (("hub", "config", "CryptKeeper", "keys"),),
}
"""The keys of the Secret `hub` that the chart makes up, and the values that say otherwise."""


@dataclass(frozen=True, slots=True)
class Context:
    """What of the two sides decides what is noise."""

    chart_changed: bool
    given: tuple[Mapping[str, Any], ...]
    """The values that the operator gave to the hub's chart, on either side."""
    before: str = ""
    after: str = ""
    """What the two sides are called."""

    @classmethod
    def of(cls, before: Content, after: Content) -> Context:
        """From the two sides of a comparison."""
        values = (at(side.config, side.hub_path or ()) for side in (before, after))
        return cls(
            chart_changed=bool(before.chart and after.chart and before.chart != after.chart),
            given=tuple(value for value in values if isinstance(value, Mapping)),
            before=before.label,
            after=after.label,
        )

    def noise(
        self, difference: Difference, *, hub_secret: bool = False, known: bool = False
    ) -> str:
        """Why a difference between two forms of an object needs no look; "" when it does.

        `known` tells that the API has the object's type, and so its defaults.
        """
        if known and _same_by_default(difference):
            return DEFAULT
        steps = difference.steps
        last = steps[-1] if steps else None
        if not isinstance(last, str):
            return ""
        parent = steps[-2] if len(steps) > 1 else None
        if last.startswith("checksum/") and parent == "annotations":
            return CHECKSUM
        if steps == ("data", "checksum_hook-image-puller"):
            return CHECKSUM
        if difference.kind is not Kind.CHANGED:
            return ""
        if parent == "labels" and self._is_chart_label(last, difference):
            return CHART_VERSION
        if hub_secret and parent == "data" and self._is_generated(last):
            return GENERATED
        return ""

    def _is_chart_label(self, name: str, difference: Difference) -> bool:
        if name == "app.kubernetes.io/version":
            return self.chart_changed
        if name not in _CHART_LABELS:
            return False
        return _chart_name(difference.before) == _chart_name(difference.after)

    def _is_generated(self, key: str) -> bool:
        paths = _GENERATED.get(key, ())
        if key.startswith(_SERVICE) and key.endswith(".apiToken"):
            service = key.removeprefix(_SERVICE).removesuffix(".apiToken")
            paths = (("hub", "services", service, "apiToken"),)
        if not paths:
            return False
        return not any(at(values, path) for values in self.given for path in paths)


def _same_by_default(difference: Difference) -> bool:
    """Whether both sides come to the same in the server: one says nothing, or the default."""
    steps = difference.steps
    if difference.kind is Kind.MOVED or not steps or not isinstance(steps[-1], str):
        return False
    sides = (difference.before, difference.after)
    silent = [says_nothing(side, steps) for side in sides]
    return all(quiet or is_default(side, steps) for side, quiet in zip(sides, silent, strict=True))


def _chart_name(label: object) -> str:
    """The chart's name in `jupyterhub-4.4.0` or `jupyterhub-4.4.1-0.dev.git.7000.hab12`."""
    name: list[str] = []
    for part in str(label).split("-"):
        if part[:1].isdigit():
            break
        name.append(part)
    return "-".join(name)
