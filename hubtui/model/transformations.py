"""The transformations of a dashboard's panel that are common, done here.

Source: Grafana 11, "Transform data". One that is not known is left out, with a note; so the panel
shows what there was before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from hubtui.model.dashboard import Transformation
from hubtui.model.frames import REDUCERS, TITLES, Field, Frame, Value
from hubtui.model.joining import joined, merged
from hubtui.model.loose_json import flag, mapping, number, objects, text, texts, whole

Frames = list[Frame]


def transformed(
    frames: Sequence[Frame], steps: Iterable[Transformation]
) -> tuple[list[Frame], list[str]]:
    """The frames after all steps, and notes on those that were left out."""
    found, notes = list(frames), []
    for step in steps:
        options = mapping(step.options)
        known = _KNOWN.get(step.id)
        strange = "of some queries only" if step.filtered else _strange(step.id, options)
        if known is None or strange:
            words = f"the transformation {step.id!r} {strange}".rstrip()
            notes.append(f"{words} is left out")
            continue
        found = known(found, options)
    return found, notes


def _strange(step: str, options: Mapping[str, Any]) -> str:
    """What a transformation is to do that is not done here; empty where all of it is."""
    asked: Sequence[str] = ()
    if step == "reduce":
        asked = texts(options.get("reducers"))
    elif step == "convertFieldType":
        kinds = {text(each.get("destinationType")) for each in objects(options.get("conversions"))}
        return next((f"to {each!r}" for each in sorted(kinds - _PLAIN)), "")
    elif step == "groupBy":
        fields = mapping(options.get("fields")).values()
        asked = [each for one in fields for each in texts(mapping(one).get("aggregations"))]
    elif step == "calculateField":
        mode = text(options.get("mode")) or "reduceRow"
        if mode not in ("binary", "reduceRow"):
            return f"with the mode {mode!r}"
        sign = text(mapping(options.get("binary")).get("operator")) or "+"
        if mode == "binary" and sign not in _BINARY:
            return f"with {sign!r}"
        if mode == "reduceRow":
            asked = [text(mapping(options.get("reduce")).get("reducer")) or "sum"]
    return next((f"with {each!r}" for each in asked if each not in REDUCERS), "")


_PLAIN: Final = {"", "number", "time"}


def _organize(frames: Frames, options: Mapping[str, Any]) -> Frames:
    hidden = {name for name, yes in mapping(options.get("excludeByName")).items() if yes is True}
    order = mapping(options.get("indexByName"))
    names = mapping(options.get("renameByName"))

    def one(frame: Frame) -> Frame:
        kept = [each for each in frame.fields if each.name not in hidden]
        last = len(order) + len(kept)
        kept.sort(key=lambda each: whole(order.get(each.name), last))
        return frame.with_fields(
            replace(each, name=text(names.get(each.name)) or each.name) for each in kept
        )

    return [one(frame) for frame in frames]


def _join(frames: Frames, options: Mapping[str, Any]) -> Frames:
    by = text(options.get("byField"))
    return joined(frames, by, inner=text(options.get("mode")) == "inner")


def _reduce(frames: Frames, options: Mapping[str, Any]) -> Frames:
    reducers = texts(options.get("reducers")) or ["max"]
    if text(options.get("mode")) == "reduceFields":
        return [
            frame.with_fields(
                replace(each, values=(_reduced(each, reducers[0]),))
                for each in frame.fields
                if each.is_number
            )
            for frame in frames
        ]
    numbers = [each for frame in frames for each in frame.fields if each.is_number]
    labels = sorted({name for each in numbers for name in each.labels})
    by_label = flag(options.get("labelsToFields"))
    return [
        Frame(
            "reduced",
            (
                Field("Field", tuple(each.name for each in numbers)),
                *(
                    Field(name, tuple(each.labels.get(name) for each in numbers))
                    for name in (labels if by_label else ())
                ),
                *(
                    Field(TITLES[reducer], tuple(_reduced(each, reducer) for each in numbers))
                    for reducer in reducers
                ),
            ),
        )
    ]


def _reduced(field: Field, reducer: str) -> float | None:
    return REDUCERS[reducer]([each for each in field.values if isinstance(each, (int, float))])


def _filter_names(frames: Frames, options: Mapping[str, Any]) -> Frames:
    include, exclude = _named(options.get("include")), _named(options.get("exclude"))

    def is_kept(field: Field) -> bool:
        return (include is None or include(field.name)) and not (exclude and exclude(field.name))

    return [frame.with_fields(filter(is_kept, frame.fields)) for frame in frames]


def _named(chosen: object) -> Callable[[str], bool] | None:
    names, pattern = set(texts(mapping(chosen).get("names"))), text(mapping(chosen).get("pattern"))
    if not names and not pattern:
        return None
    found = _compiled(pattern) if pattern else None
    return lambda name: name in names or (found is not None and found.search(name) is not None)


def _compiled(pattern: str) -> re.Pattern[str] | None:
    written = re.fullmatch(r"/(.*)/[a-z]*", pattern, re.DOTALL)
    try:
        return re.compile(written[1] if written else pattern)
    except re.error:
        return None


def _filter_queries(frames: Frames, options: Mapping[str, Any]) -> Frames:
    wanted = _compiled(text(options.get("include")) or ".*")
    return [frame for frame in frames if wanted is None or wanted.fullmatch(frame.ref)]


def _sort(frames: Frames, options: Mapping[str, Any]) -> Frames:
    fields = objects(options.get("sort"))
    if not fields:
        return frames
    name, falls = text(fields[0].get("field")), flag(fields[0].get("desc"))
    return [ordered(frame, name, falls=falls) for frame in frames]


def ordered(frame: Frame, name: str, *, falls: bool) -> Frame:
    """The rows by the values of one field; those without a value come last."""
    field = frame.named(name)
    if field is None:
        return frame
    known = [index for index, value in enumerate(field.values) if value is not None]
    rest = [index for index, value in enumerate(field.values) if value is None]
    known.sort(key=lambda index: _order(field.values[index]), reverse=falls)
    return frame.rows([*known, *rest])


def _order(value: Value) -> tuple[bool, float, str]:
    if isinstance(value, str):
        return (True, 0.0, value)
    return (False, value if value is not None and value == value else float("-inf"), "")


def _limit(frames: Frames, options: Mapping[str, Any]) -> Frames:
    most = max(0, whole(options.get("limitField"), 10))
    return [frame.rows(range(min(most, frame.length))) for frame in frames]


def _labels_to_fields(frames: Frames, options: Mapping[str, Any]) -> Frames:
    """Each label of a series as a column of its own; then all series as one table."""
    kept = set(texts(options.get("keepLabels")))
    value_name = text(options.get("valueLabel"))

    def one(frame: Frame) -> Frame:
        found: list[Field] = []
        for field in frame.fields:
            if not field.labels:
                found.append(field)
                continue
            for name, value in sorted(field.labels.items()):
                if name != value_name and (not kept or name in kept):
                    found.append(Field(name, (value,) * frame.length, ref=field.ref))
            own = field.labels.get(value_name) or field.labels.get("__name__") or "Value"
            found.append(replace(field, name=own, labels={}))
        return frame.with_fields(found)

    return merged([one(frame) for frame in frames])


def _rename(frames: Frames, options: Mapping[str, Any]) -> Frames:
    pattern = _compiled(text(options.get("regex")))
    if pattern is None:
        return frames
    into = re.sub(r"\$(\d)", r"\\g<\1>", text(options.get("renamePattern")).replace("\\", r"\\"))

    def renamed(name: str) -> str:
        try:
            return pattern.sub(into, name)
        except (re.error, IndexError):
            return name

    return [
        frame.with_fields(replace(each, name=renamed(each.name)) for each in frame.fields)
        for frame in frames
    ]


def _group(frames: Frames, options: Mapping[str, Any]) -> Frames:
    """One row for each different key; other fields are reduced as it is written."""
    chosen = {name: mapping(each) for name, each in mapping(options.get("fields")).items()}
    keys = [name for name, each in chosen.items() if text(each.get("operation")) == "groupby"]
    found = []
    for frame in frames:
        by = [field for name in keys if (field := frame.named(name)) is not None]
        groups: dict[tuple[Value, ...], list[int]] = {}
        for index in range(frame.length):
            groups.setdefault(tuple(each.values[index] for each in by), []).append(index)
        fields = [
            replace(each, values=tuple(key[place] for key in groups))
            for place, each in enumerate(by)
        ]
        for field in frame.fields:
            for reducer in texts(chosen.get(field.name, {}).get("aggregations")):
                if field.name not in keys and reducer in REDUCERS:
                    parts = [
                        replace(field, values=tuple(field.values[i] for i in indices))
                        for indices in groups.values()
                    ]
                    values = tuple(_reduced(part, reducer) for part in parts)
                    fields.append(Field(f"{field.name} ({reducer})", values, ref=field.ref))
        found.append(frame.with_fields(fields))
    return found


_BINARY: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else float("nan"),
}


def _calculate(frames: Frames, options: Mapping[str, Any]) -> Frames:
    """A new field: two fields or numbers with a sign between, or a reducer over each row."""
    alias = text(options.get("alias"))
    only = flag(options.get("replaceFields"))
    found = []
    for frame in frames:
        if text(options.get("mode")) == "binary":
            name, values = _binary(frame, mapping(options.get("binary")))
        else:
            name, values = _by_row(frame, mapping(options.get("reduce")))
        times = [each for each in frame.fields if each.is_time]
        kept = times if only else list(frame.fields)
        found.append(frame.with_fields([*kept, Field(alias or name, values)]))
    return found


def _binary(frame: Frame, options: Mapping[str, Any]) -> tuple[str, tuple[Value, ...]]:
    sign = text(options.get("operator")) or "+"
    calculate = _BINARY[sign]
    names = [_operand(options.get(side)) for side in ("left", "right")]
    left, right = (_column(frame, name) for name in names)
    pairs = zip(left, right, strict=True)
    values = tuple(None if a is None or b is None else calculate(a, b) for a, b in pairs)
    return f"{names[0]} {sign} {names[1]}", values


def _operand(written: object) -> str:
    """A name or a number; newer dashboards have it in an object of its own."""
    matcher = mapping(mapping(written).get("matcher"))
    return text(written) or text(matcher.get("options")) or text(mapping(written).get("fixed"))


def _column(frame: Frame, name: str) -> list[float | None]:
    field = frame.named(name)
    if field is not None:
        return [each if isinstance(each, (int, float)) else None for each in field.values]
    return [number(name)] * frame.length


def _by_row(frame: Frame, options: Mapping[str, Any]) -> tuple[str, tuple[Value, ...]]:
    reducer = text(options.get("reducer")) or "sum"
    included = set(texts(options.get("include")))
    fields = [
        each for each in frame.fields
        if each.is_number and (not included or each.name in included)
    ]  # fmt: skip
    reduce = REDUCERS[reducer]
    rows = zip(*(each.values for each in fields), strict=True) if fields else ()
    values = tuple(reduce([v for v in row if isinstance(v, (int, float))]) for row in rows)
    return TITLES.get(reducer, reducer), values or (None,) * frame.length


_KNOWN: Final[Mapping[str, Callable[[Frames, Mapping[str, Any]], Frames]]] = {
    "organize": _organize,
    "joinByField": _join,
    "seriesToColumns": _join,
    "merge": lambda frames, _: merged(frames),
    "reduce": _reduce,
    "filterFieldsByName": _filter_names,
    "filterByRefId": _filter_queries,
    "sortBy": _sort,
    "limit": _limit,
    "labelsToFields": _labels_to_fields,
    "renameByRegex": _rename,
    "groupBy": _group,
    "calculateField": _calculate,
    # Numbers and times are such here already.
    "convertFieldType": lambda frames, _: frames,
    "prepareTimeSeries": lambda frames, _: frames,
}
