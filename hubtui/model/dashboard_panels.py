"""A panel of a dashboard's JSON, of any age, as the panel that a terminal draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hubtui.model.dashboard import (
    COLUMNS,
    Format,
    Grid,
    Kind,
    Look,
    Panel,
    Transformation,
)
from hubtui.model.dashboard_looks import (
    graph_look,
    graph_overrides,
    look_of,
    old_table,
    overrides_of,
    singlestat_look,
)
from hubtui.model.dashboard_targets import targets_of
from hubtui.model.dashboard_unlike import unlike
from hubtui.model.frames import REDUCERS
from hubtui.model.loose_json import flag, mapping, number, objects, text, texts, whole
from hubtui.model.text import one_line

_KINDS: Final = {
    "timeseries": Kind.TIMESERIES,
    "graph": Kind.TIMESERIES,
    "trend": Kind.TIMESERIES,
    "stat": Kind.STAT,
    "singlestat": Kind.STAT,
    "grafana-singlestat-panel": Kind.STAT,
    "gauge": Kind.GAUGE,
    "bargauge": Kind.BARGAUGE,
    "barchart": Kind.BARGAUGE,
    "piechart": Kind.BARGAUGE,
    "grafana-piechart-panel": Kind.BARGAUGE,
    "table": Kind.TABLE,
    "table-old": Kind.TABLE,
    "heatmap": Kind.HEATMAP,
    "text": Kind.TEXT,
}
_DRAWN_AS: Final = {
    "barchart": "a bar chart is drawn as bars by their last values",
    "piechart": "a pie is drawn as bars",
    "grafana-piechart-panel": "a pie is drawn as bars",
    "trend": "a trend is drawn over time",
}

_OLD_REDUCERS: Final = {
    "avg": "mean",
    "current": "lastNotNull",
    "total": "sum",
    "first": "firstNotNull",
}
"""The reducers of a singlestat and of an old legend, in today's words."""

_OLD_LEGEND: Final = ("min", "max", "avg", "current", "total")


def panel_of(written: Mapping[str, Any], grid: Grid) -> Panel:
    """One panel; what of it cannot be shown is in its `notes`."""
    kind_word = text(written.get("type")) or "graph"
    kind = _KINDS.get(kind_word, Kind.UNSUPPORTED)
    targets, notes = targets_of(written) if kind is not Kind.TEXT else ((), [])
    panel = Panel(
        id=whole(written.get("id")),
        title=one_line(text(written.get("title"))),
        kind=kind,
        written_kind=kind_word,
        grid=grid,
        description=text(written.get("description")).strip(),
        targets=targets,
        transformations=_transformations(written),
        interval=text(written.get("interval")),
        most_points=max(0, round(number(written.get("maxDataPoints")) or 0)),
        from_time=text(written.get("timeFrom")),
        shift=text(written.get("timeShift")),
        repeat=text(written.get("repeat")),
        repeat_down=text(written.get("repeatDirection")) == "v",
        per_row=_per_row(written),
        notes=tuple(notes),
    )
    if kind is Kind.UNSUPPORTED:
        return _noting(panel, f"a panel of the type {kind_word!r} cannot be drawn in a terminal")
    if kind_word in _DRAWN_AS:
        panel = _noting(panel, _DRAWN_AS[kind_word])
    if written.get("libraryPanel") and not targets:
        panel = _noting(panel, "its content is a library panel, which only Grafana has")
    panel = _fitted(panel, written)
    strange = sorted({*panel.calculations, *panel.legend_calculations} - REDUCERS.keys())
    told = [f"for the calculation {each!r} the last value stands here" for each in strange]
    return _noting(panel, *told, *unlike(written))


def _per_row(written: Mapping[str, Any]) -> int:
    """How many copies stand side by side; before Grafana 6 it was told by their least width."""
    most = whole(written.get("maxPerRow"))
    least_width = whole(written.get("minSpan"))
    if most <= 0 and 0 < least_width <= COLUMNS:
        most = COLUMNS // least_width
    return min(COLUMNS, most) if most > 0 else 4


def _noting(panel: Panel, *notes: str) -> Panel:
    return replace(panel, notes=(*panel.notes, *notes))


def _transformations(written: Mapping[str, Any]) -> tuple[Transformation, ...]:
    return tuple(
        Transformation(
            text(each.get("id")), each.get("options"), filtered=bool(mapping(each.get("filter")))
        )
        for each in objects(written.get("transformations"))
        if not flag(each.get("disabled"))
    )


def _fitted(panel: Panel, written: Mapping[str, Any]) -> Panel:
    """With what is particular to its type."""
    if panel.written_kind == "graph":
        return _graph(panel, written)
    if panel.written_kind == "singlestat":
        return _singlestat(panel, written)
    if "styles" in written and panel.kind is Kind.TABLE:
        look, overrides = old_table(written)
        panel = replace(panel, look=look, overrides=overrides, sort=_old_sort(written))
        if len(panel.targets) > 1 and all(each.format is Format.TABLE for each in panel.targets):
            # Several answers are one table there, without being told so.
            panel = replace(panel, transformations=(Transformation("merge", {}),))
        return panel
    options = mapping(written.get("options"))
    overrides, notes = overrides_of(written)
    panel = replace(panel, look=look_of(written), overrides=overrides)
    panel = _noting(panel, *notes)
    if panel.kind is Kind.TEXT:
        content = text(options.get("content")) or text(written.get("content"))
        return replace(panel, content=content)
    if panel.kind is Kind.HEATMAP:
        return _heatmap(panel, written, options)
    return replace(
        panel,
        calculations=texts(mapping(options, "reduceOptions").get("calcs")),
        fields=text(mapping(options, "reduceOptions").get("fields")),
        legend_calculations=texts(mapping(options, "legend").get("calcs")),
        stacked=_is_stacked(written),
        sort=tuple(
            (text(each.get("displayName")), flag(each.get("desc")))
            for each in objects(options.get("sortBy"))
        ),
    )


def _is_stacked(written: Mapping[str, Any]) -> bool:
    custom = mapping(written, "fieldConfig", "defaults", "custom")
    return text(mapping(custom, "stacking").get("mode")) in ("normal", "percent")


def _heatmap(panel: Panel, written: Mapping[str, Any], options: Mapping[str, Any]) -> Panel:
    """Its answers are buckets, or values that are sorted into buckets here; the unit is that of
    its axis."""
    axis = mapping(options, "yAxis") or mapping(written, "yAxis")
    unit = text(axis.get("unit")) or text(axis.get("format"))
    buckets = text(written.get("dataFormat")) == "tsbuckets" or (
        "calculate" in options and not flag(options.get("calculate"))
    )
    look = replace(panel.look, unit=unit or panel.look.unit)
    return replace(panel, look=look, buckets=buckets)


def _graph(panel: Panel, written: Mapping[str, Any]) -> Panel:
    legend = mapping(written.get("legend"))
    own = "fieldConfig" in written
    look = graph_look(written)
    if own and not look.unit:
        look = replace(look_of(written), least=look.least, most=look.most)
    mode = text(mapping(written.get("xaxis")).get("mode"))
    panel = replace(
        panel,
        look=look,
        overrides=tuple(graph_overrides(written)),
        stacked=flag(written.get("stack")),
        legend_calculations=tuple(
            _OLD_REDUCERS.get(name, name) for name in _OLD_LEGEND if flag(legend.get(name))
        ),
    )
    if mode == "series":
        reducers = texts(mapping(written.get("xaxis")).get("values"))
        return replace(
            panel,
            kind=Kind.BARGAUGE,
            calculations=tuple(_OLD_REDUCERS.get(name, name) for name in reducers),
        )
    if mode == "histogram":
        return replace(panel, kind=Kind.HEATMAP)
    return panel


def _singlestat(panel: Panel, written: Mapping[str, Any]) -> Panel:
    gauge = flag(mapping(written.get("gauge")).get("show"))
    reducer = text(written.get("valueName"), "avg")
    look = singlestat_look(written)
    if not look.unit and "fieldConfig" in written:
        own = look_of(written)
        look = own if own != Look() else look
    return replace(
        panel,
        kind=Kind.GAUGE if gauge else Kind.STAT,
        look=look,
        calculations=(_OLD_REDUCERS.get(reducer, reducer),),
    )


def _old_sort(written: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    sort = mapping(written.get("sort"))
    column = sort.get("col")
    if isinstance(column, bool) or not isinstance(column, (int, str)):
        return ()
    return ((str(column), flag(sort.get("desc"))),)
