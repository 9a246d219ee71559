"""Several tables as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hubtui.model.frames import TIME, Field, Frame, Value

Key = tuple[Value, ...]
_NOWHERE: Final = -1


def joined(frames: Sequence[Frame], by: str, *, inner: bool) -> list[Frame]:
    """The tables side by side, their rows matched by the values of a field (without a name: by
    time). `inner` keeps the rows that all have. Tables without the field are left as they are."""
    name = by or TIME
    with_field = [(frame, key) for frame in frames if (key := frame.named(name)) is not None]
    if len(with_field) < 2:
        return list(frames)
    order: dict[Value, None] = {}
    for _, key in with_field:
        order.update(dict.fromkeys(key.values))
    if inner:
        common = set.intersection(*(set(key.values) for _, key in with_field))
        order = {value: None for value in order if value in common}
    rows = list(order)
    if with_field[0][1].is_time:
        rows.sort(key=lambda each: each if isinstance(each, (int, float)) else 0.0)
    fields = [replace(with_field[0][1], values=tuple(rows))]
    for frame, key in with_field:
        places = {value: index for index, value in enumerate(key.values)}
        indices = [places.get(value, _NOWHERE) for value in rows]
        fields += [_taken(each, indices) for each in frame.fields if each is not key]
    rest = [frame for frame in frames if frame.named(name) is None]
    return [Frame("joined", tuple(_told_apart(fields))), *rest]


def merged(frames: Sequence[Frame]) -> list[Frame]:
    """The tables below each other; rows that agree in all fields that both have become one."""
    if len(frames) < 2:
        return list(frames)
    names: dict[str, Field] = {}
    for frame in frames:
        for field in frame.fields:
            names.setdefault(field.name, field)
    shared = [n for n in names if all(frame.named(n) is not None for frame in frames)]
    rows: list[dict[str, Value]] = []
    by_key: dict[Key, list[dict[str, Value]]] = {}
    for frame in frames:
        for index in range(frame.length):
            row = {each.name: each.values[index] for each in frame.fields}
            key = tuple(row[name] for name in shared)
            same = next((r for r in by_key.get(key, ()) if _agree(r, row)), None)
            if shared and same is not None:
                same.update(row)
            else:
                rows.append(row)
                by_key.setdefault(key, []).append(row)
    return [
        Frame(
            "merged",
            tuple(
                replace(field, values=tuple(row.get(name) for row in rows), labels={})
                for name, field in names.items()
            ),
        )
    ]


def _agree(one: dict[str, Value], other: dict[str, Value]) -> bool:
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def _taken(field: Field, indices: Sequence[int]) -> Field:
    values = tuple(None if index == _NOWHERE else field.values[index] for index in indices)
    return replace(field, values=values)


def _told_apart(fields: Sequence[Field]) -> list[Field]:
    """Fields of one name get a number behind it, the first one too, as Grafana does."""
    counts = Counter(field.name for field in fields)
    seen: Counter[str] = Counter()
    found = []
    for field in fields:
        seen[field.name] += 1
        name = f"{field.name} {seen[field.name]}" if counts[field.name] > 1 else field.name
        found.append(replace(field, name=name))
    return found
