"""The queries of a panel, and whether they can be asked of Prometheus at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hubtui.model.dashboard import Format, Target
from hubtui.model.loose_json import flag, mapping, objects, text, whole

_PROMETHEUS: Final = frozenset(
    {"", "prometheus", "grafana-amazonprometheus-datasource", "grafana-azureprometheus-datasource"}
)
_BUILT_IN: Final = {
    "-- Grafana --": "Grafana's own data",
    "grafana": "Grafana's own data",
    "-- Dashboard --": "the result of another panel",
}


def targets_of(panel: Mapping[str, Any]) -> tuple[tuple[Target, ...], list[str]]:
    """The queries that Prometheus can answer, and notes on the others."""
    found: list[Target] = []
    notes: list[str] = []
    own = panel.get("datasource")
    for index, each in enumerate(objects(panel.get("targets"))):
        ref = text(each.get("refId")) or chr(ord("A") + index % 26)
        foreign = _foreign(each.get("datasource") or own)
        expr = text(each.get("expr")).strip()
        if foreign:
            notes.append(f"query {ref} asks {foreign}, not Prometheus")
        elif expr:
            found.append(_target(each, ref, expr))
        elif each.get("expression") or each.get("type") in ("math", "reduce", "resample"):
            notes.append(f"query {ref} is a server-side expression of Grafana's")
        else:
            notes.append(f"query {ref} is empty")
    return tuple(found), notes


def _target(each: Mapping[str, Any], ref: str, expr: str) -> Target:
    written = text(each.get("format"))
    return Target(
        ref=ref,
        expr=expr,
        legend=text(each.get("legendFormat")),
        instant=flag(each.get("instant")) and not flag(each.get("range")),
        format=Format(written) if written in set(Format) else Format.SERIES,
        interval=text(each.get("interval")),
        factor=max(1, whole(each.get("intervalFactor"), 1)),
        hidden=flag(each.get("hide")),
    )


def _foreign(source: object) -> str:
    """Whom a query asks, where that is not a Prometheus; a source that is only named is taken for
    one, as names say nothing."""
    named = mapping(source)
    uid = text(named.get("uid")) if named else text(source)
    if uid in _BUILT_IN:
        return _BUILT_IN[uid]
    kind = text(named.get("type"))
    if kind == "datasource" and not uid.startswith("$"):
        return _BUILT_IN["grafana"]
    return "" if kind in {*_PROMETHEUS, "datasource", "mixed"} else kind
