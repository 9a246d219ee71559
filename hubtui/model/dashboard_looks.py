"""How a panel's numbers are shown: units, limits, colours and texts for values, old and new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final

from hubtui.model.dashboard import Look, Override, Threshold, ValueMapping
from hubtui.model.loose_json import flag, items, mapping, number, objects, text, whole


def look_of(panel: Mapping[str, Any]) -> Look:
    """The look of `fieldConfig.defaults`, as panels have it since Grafana 7."""
    return Look(**_changes(mapping(panel, "fieldConfig", "defaults")))


def overrides_of(panel: Mapping[str, Any]) -> tuple[tuple[Override, ...], list[str]]:
    """Other looks for some fields, and notes on the matchers that are not known."""
    found: list[Override] = []
    notes: list[str] = []
    for each in objects(mapping(panel, "fieldConfig").get("overrides")):
        matcher = mapping(each.get("matcher"))
        how, pattern = text(matcher.get("id")), text(matcher.get("options"))
        if how not in ("byName", "byRegexp", "byFrameRefID"):
            notes.append(f"an override for fields {how or 'without a matcher'} is left out")
            continue
        named = {text(p.get("id")): p.get("value") for p in objects(each.get("properties"))}
        if changes := _changes(_spread(named)):
            found.append(Override(how, pattern, changes))
    return tuple(found), notes


def _spread(named: Mapping[str, Any]) -> dict[str, Any]:
    """`custom.hideFrom` as `{"custom": {"hideFrom": …}}`, as the defaults have it."""
    found: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, value in named.items():
        if name.startswith("custom."):
            custom[name.removeprefix("custom.")] = value
        else:
            found[name] = value
    return {**found, "custom": custom} if custom else found


def _changes(written: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `Look` that are written down."""
    found: dict[str, Any] = {}
    for name, field in (("unit", "unit"), ("displayName", "name"), ("noValue", "no_value")):
        if text(written.get(name)):
            found[field] = text(written[name])
    if number(written.get("decimals")) is not None:
        found["decimals"] = whole(written["decimals"])
    for name, field in (("min", "least"), ("max", "most")):
        if number(written.get(name)) is not None:
            found[field] = number(written[name])
    steps = mapping(written.get("thresholds"))
    if steps:
        found["thresholds"] = tuple(
            Threshold(number(each.get("value")), text(each.get("color")))
            for each in objects(steps.get("steps"))
        )
        found["percentage"] = text(steps.get("mode")) == "percentage"
    if mappings := tuple(_mappings(written.get("mappings"))):
        found["mappings"] = mappings
    custom = mapping(written.get("custom"))
    if flag(mapping(custom, "hideFrom").get("viz")) or flag(custom.get("hidden")):
        found["hidden"] = True
    if text(mapping(custom, "thresholdsStyle").get("mode")) not in ("", "off"):
        found["limited"] = True
    if placement := text(custom.get("axisPlacement")):
        found["right"] = placement == "right"
    if bridged := _bridged(custom.get("spanNulls")):
        found["bridged"] = bridged
    if stacking := text(mapping(custom.get("stacking")).get("mode")):
        found["apart"] = stacking == "none"
    return found


def _bridged(written: object) -> float:
    """Seconds over which a line goes on: told as any, or in milliseconds."""
    if written is True:
        return inf
    return max(0.0, number(written) or 0.0) / 1000


def _mappings(written: object) -> Iterator[ValueMapping]:
    for each in objects(written):
        kind, options = each.get("type"), each.get("options")
        if kind == "value":
            for value, shown in mapping(options).items():
                yield ValueMapping(_words(shown) or text(value), value=text(value))
        elif kind == "range":
            limits = mapping(options)
            yield ValueMapping(
                _words(limits.get("result")),
                least=number(limits.get("from")),
                most=number(limits.get("to")),
            )
        elif kind == "special":
            chosen = mapping(options)
            yield ValueMapping(
                _words(chosen.get("result")), special=text(chosen.get("match")).lower()
            )
        else:
            yield from _old_mapping(each)


def _words(result: object) -> str:
    return text(mapping(result).get("text"))


def _old_mapping(each: Mapping[str, Any]) -> Iterator[ValueMapping]:
    """As Grafana 7 wrote them, and the valueMaps and rangeMaps of a singlestat."""
    words = text(each.get("text"))
    if not words:
        return
    if "from" in each or "to" in each:
        yield ValueMapping(words, least=number(each.get("from")), most=number(each.get("to")))
    elif "value" in each:
        yield ValueMapping(words, value=text(each.get("value")))


_CONNECTED: Final = "connected"
_MODES: Final = {"critical": "red", "warning": "orange", "ok": "green"}
"""The colours of an old graph's thresholds."""


def graph_look(panel: Mapping[str, Any]) -> Look:
    """The look of a graph of Grafana 5 to 7: that of its left axis, with its thresholds."""
    limits = sorted(_graph_limits(panel), key=lambda each: each.value or 0.0)
    return Look(
        **_axis(panel, 0),
        thresholds=tuple(limits),
        limited=bool(limits),
        bridged=inf if text(panel.get("nullPointMode")) == _CONNECTED else 0.0,
    )


def graph_overrides(panel: Mapping[str, Any]) -> Iterator[Override]:
    """What it says of single series: they are hidden, or belong to the right axis."""
    for each in objects(panel.get("seriesOverrides")):
        alias = text(each.get("alias"))
        how = "byRegexp" if alias.startswith("/") else "byName"
        if flag(each.get("hiddenSeries")):
            yield Override(how, alias, {"hidden": True})
        if whole(each.get("yaxis")) == 2:
            yield Override(how, alias, {**_axis(panel, 1), "right": True})
        if text(each.get("nullPointMode")) == _CONNECTED:
            yield Override(how, alias, {"bridged": inf})
        if each.get("stack") is False:
            yield Override(how, alias, {"apart": True})


def _axis(panel: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The fields of a `Look` that the left axis says, 0, or the right one, 1."""
    axes = objects(panel.get("yaxes"))
    axis = axes[place] if place < len(axes) else {}
    unit = text(axis.get("format"))
    decimals = number(axis.get("decimals", panel.get("decimals")))
    return {
        "unit": "" if unit == "none" else unit,
        "decimals": None if decimals is None else round(decimals),
        "least": number(axis.get("min")),
        "most": number(axis.get("max")),
    }


def _graph_limits(panel: Mapping[str, Any]) -> Iterator[Threshold]:
    for each in objects(panel.get("thresholds")):
        value, mode = number(each.get("value")), text(each.get("colorMode"))
        if value is not None:
            yield Threshold(value, _MODES.get(mode) or text(each.get("lineColor")))


def singlestat_look(panel: Mapping[str, Any]) -> Look:
    """The look of a singlestat: its thresholds are `50,80`, with one colour more than those."""
    limits = [number(part) for part in text(panel.get("thresholds")).split(",")]
    values = [each for each in limits if each is not None]
    colours = [text(each) for each in items(panel.get("colors"))]
    steps = [None, *values]
    shows = flag(panel.get("colorValue")) or flag(panel.get("colorBackground"))
    gauge = mapping(panel.get("gauge"))
    decimals = number(panel.get("decimals"))
    return Look(
        unit=text(panel.get("format")),
        decimals=None if decimals is None else round(decimals),
        least=number(gauge.get("minValue")),
        most=number(gauge.get("maxValue")),
        thresholds=tuple(
            Threshold(value, colour) for value, colour in zip(steps, colours, strict=False)
        )
        if shows or flag(gauge.get("show"))
        else (),
        mappings=tuple(
            found
            for maps in ("valueMaps", "rangeMaps")
            for each in objects(panel.get(maps))
            for found in _old_mapping(each)
        ),
    )


def old_table(panel: Mapping[str, Any]) -> tuple[Look, tuple[Override, ...]]:
    """The styles of a table of Grafana 4 to 6: those for `/.*/` are for all that no other is
    for."""
    rest = Look()
    found: list[Override] = []
    for style in reversed(objects(panel.get("styles"))):
        if text(style.get("type")) not in ("number", "hidden", "string", "date"):
            continue
        changes = _style(style)
        pattern = text(style.get("pattern"))
        if pattern == "/.*/":
            rest = Look(**changes)
        elif pattern.startswith("/"):
            found.append(Override("byRegexp", pattern, changes))
        else:
            found.append(Override("byName", pattern, changes))
    return rest, tuple(found)


def _style(style: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if text(style.get("type")) == "hidden":
        changes["hidden"] = True
    if text(style.get("alias")):
        changes["name"] = text(style["alias"])
    if text(style.get("type")) == "number":
        changes["unit"] = text(style.get("unit"))
        if (decimals := number(style.get("decimals"))) is not None:
            changes["decimals"] = round(decimals)
    elif text(style.get("type")) == "date":
        changes["unit"] = "dateTimeAsIso"
    return changes
