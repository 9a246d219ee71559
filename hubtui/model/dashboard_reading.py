"""A dashboard's JSON as it is exported, rendered, or answered by Grafana's API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from hubtui.errors import DecodeError
from hubtui.model.dashboard import COLUMNS, Dashboard, Grid, Panel, Section
from hubtui.model.dashboard_panels import panel_of
from hubtui.model.dashboard_variables import variable_of
from hubtui.model.loose_json import flag, mapping, number, objects, text, texts, whole
from hubtui.model.text import one_line

MOST: Final = 16 * 1024 * 1024
"""Bytes of a dashboard that are read at most: the largest known have 1 MB."""

_ROW: Final = "row"
_PIXELS: Final = 30
"""Of a line of Grafana's grid."""

_OLD_COLUMNS: Final = 12
"""Of a row before schemaVersion 16, which says how many of them a panel spans."""


def read(document: bytes) -> Dashboard:
    """The dashboard in a document.

    Raises DecodeError for what is no JSON (with the place), no dashboard, or one of the schema v2,
    which has no panels in a grid.
    """
    if len(document) > MOST:
        raise DecodeError(f"The dashboard has {len(document):,} bytes, more than {MOST:,}")
    try:
        written = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(
            f"The dashboard is no JSON: {one_line(str(error))}",
            remedy="Export it in Grafana: Share, Export, Save to file.",
        ) from None
    return dashboard_of(written)


def dashboard_of(written: object) -> Dashboard:
    """The dashboard in a decoded document. Raises DecodeError."""
    model = _unwrapped(written)
    if "elements" in model and "layout" in model:
        raise DecodeError(
            "The dashboard is of Grafana's schema v2",
            meaning="It has a layout of its own instead of panels in a grid.",
            remedy="Export it as Classic.",
        )
    if not any(name in model for name in ("panels", "rows", "templating")):
        raise DecodeError(
            "The document is no dashboard of Grafana: it has neither panels nor rows",
            remedy="Export it in Grafana: Share, Export, Save to file.",
        )
    times = mapping(model.get("time"))
    variables = [variable_of(each) for each in objects(mapping(model, "templating").get("list"))]
    return Dashboard(
        title=one_line(text(model.get("title"))) or "without a title",
        uid=text(model.get("uid")),
        tags=texts(model.get("tags")),
        start=text(times.get("from")) or "now-6h",
        end=text(times.get("to")) or "now",
        utc=text(model.get("timezone")).lower() == "utc",
        schema=whole(model.get("schemaVersion")),
        sections=tuple(_sections(model)),
        variables=tuple(each for each in variables if each.name),
        notes=tuple(_notes(model)),
    )


def _unwrapped(written: object) -> Mapping[str, Any]:
    """The model itself: the API has it as `dashboard`, a resource as `spec`."""
    model = mapping(written)
    if mapping(model.get("dashboard")):
        return mapping(model["dashboard"])
    if "apiVersion" in model and mapping(model.get("spec")):
        return mapping(model["spec"])
    return model


def _notes(model: Mapping[str, Any]) -> Iterator[str]:
    shown = [
        one_line(text(each.get("name"))) or "without a name"
        for each in objects(mapping(model, "annotations").get("list"))
        if not each.get("builtIn") and flag(each.get("enable"), default=True)
    ]
    if shown:
        yield f"annotations are not drawn: {', '.join(shown)}"


def _sections(model: Mapping[str, Any]) -> Iterator[Section]:
    if objects(model.get("rows")) and not objects(model.get("panels")):
        yield from _old_sections(model)
        return
    title, collapsed, repeat = "", False, ""
    panels: list[Panel] = []
    begun = False
    for each in sorted(objects(model.get("panels")), key=_place):
        if each.get("repeatPanelId"):
            continue  # a copy that was saved along: it is made anew of the variable's values
        if text(each.get("type")) != _ROW:
            panels.append(panel_of(each, _grid(each)))
            continue
        if begun or panels:
            yield Section(title, tuple(panels), collapsed, repeat)
        begun = True
        title = one_line(text(each.get("title")))
        collapsed = flag(each.get("collapsed"))
        repeat = text(each.get("repeat"))
        inner = sorted(objects(each.get("panels")), key=_place)
        panels = [panel_of(panel, _grid(panel)) for panel in inner]
    if begun or panels:
        yield Section(title, tuple(panels), collapsed, repeat)


def _place(written: Mapping[str, Any]) -> tuple[int, int]:
    grid = mapping(written.get("gridPos"))
    return whole(grid.get("y")), whole(grid.get("x"))


def _grid(written: Mapping[str, Any]) -> Grid:
    grid = mapping(written.get("gridPos"))
    width = min(COLUMNS, max(1, whole(grid.get("w"), 12)))
    x = min(max(0, whole(grid.get("x"))), COLUMNS - width)
    return Grid(x, max(0, whole(grid.get("y"))), width, max(1, whole(grid.get("h"), 8)))


def _old_sections(model: Mapping[str, Any]) -> Iterator[Section]:
    """Rows that hold their panels, side by side by their spans."""
    y = 0
    for row in objects(model.get("rows")):
        x, height, panels = 0, _height(row.get("height")), []
        for each in objects(row.get("panels")):
            span = number(each.get("span")) or _OLD_COLUMNS
            width = min(COLUMNS, max(1, round(span * COLUMNS / _OLD_COLUMNS)))
            own = _height(each.get("height")) if each.get("height") else height
            if x + width > COLUMNS:
                x, y = 0, y + height
            panels.append(panel_of(each, Grid(x, y, width, own)))
            x += width
        y += height
        title = one_line(text(row.get("title"))) if flag(row.get("showTitle"), default=True) else ""
        yield Section(title, tuple(panels), flag(row.get("collapse")), text(row.get("repeat")))


_NUMBER: Final = re.compile(r"\s*(\d{1,5})(?:\.\d*)?\s*(?:px)?\s*", re.ASCII)


def _height(written: object) -> int:
    """Lines of the grid: rows have their height in pixels, `250px` or 250."""
    found = _NUMBER.fullmatch(text(written))
    return max(3, round(int(found[1]) / _PIXELS)) if found else 8
