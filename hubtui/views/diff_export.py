"""A diff for a file or a pipe: as JSON, as rows, or as text; masked as the diff is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hubtui.model.diff import Change, ObjectDiff, RevisionDiff
from hubtui.model.text import safe
from hubtui.views.diff import DiffView
from hubtui.views.export import About, csv_lines, document

Json = dict[str, Any]

COLUMNS: Final = (
    *("section", "object", "path", "change", "before", "after"),
    *("masked", "noise", "note", "by"),
)


def exported_diff(form: str, view: DiffView, about: About) -> list[str]:
    """A diff in one of the forms of `views.export`, whole, whatever is folded."""
    diff = view.diff
    if diff is None:
        return []
    if form == "csv":
        return csv_lines(COLUMNS, _rows(diff))
    if form == "json":
        notes = [{"source": each.title, "reason": each.reason} for each in diff.unread]
        return document(about, body(diff), notes)
    return [safe(line) for line in view.full_lines()]


def body(diff: RevisionDiff) -> Json:
    """What a document of kind `diff` holds besides its head."""
    return {
        "before": _revision(diff.before),
        "after": _revision(diff.after),
        "changes": changes(diff),
    }


def _revision(label: str) -> int | str:
    return int(label) if label.isdigit() else label


def _rows(diff: RevisionDiff) -> Iterator[tuple[object, ...]]:
    for image in diff.images:
        what = f"{image.role}/{image.container}" if image.container else image.role
        yield "image", what, "", "changed", image.before, image.after, False, "", "", ""
    for section, changed in (("value", diff.values), ("default", diff.defaults)):
        for change in changed:
            yield section, "", *_row(change)
    for section, objects in (("hook", diff.hooks), ("object", diff.objects)):
        for each in objects:
            if each.broken:
                yield section, each.title, "", each.kind.value, "", "", False, "", each.broken, ""
            if each.remark:
                yield section, each.title, "", each.kind.value, "", "", False, "", each.remark, ""
            for change in each.changes:
                yield section, each.title, *_row(change)


def _row(change: Change) -> tuple[object, ...]:
    return (
        change.path,
        change.kind.value,
        change.before,
        change.after,
        change.masked,
        change.noise,
        change.note,
        change.by,
    )


def changes(diff: RevisionDiff) -> Json:
    """A diff, folded by object; masked as the diff is."""
    counts = diff.counts
    return {
        "before": diff.before,
        "after": diff.after,
        "chart_before": diff.chart_before,
        "chart_after": diff.chart_after,
        "counts": {
            "changed": counts.changed,
            "added": counts.added,
            "removed": counts.removed,
        },
        "images": [
            {
                "role": image.role,
                "container": image.container,
                "before": image.before or None,
                "after": image.after or None,
            }
            for image in diff.images
        ],
        "values": [_change(change) for change in diff.values],
        "defaults": [_change(change) for change in diff.defaults],
        "hooks": [_object(each) for each in diff.hooks],
        "objects": [_object(each) for each in diff.objects],
        "unchanged": list(diff.unchanged),
        "unread": [{"object": each.title, "reason": each.reason} for each in diff.unread],
    }


def _object(each: ObjectDiff) -> Json:
    return {
        "object": each.title,
        "change": each.kind.value,
        "counted": each.counted,
        "error": each.broken,
        "remark": each.remark,
        "fields": [_change(change) for change in each.changes],
    }


def _change(change: Change) -> Json:
    shape = {
        "path": change.path,
        "change": change.kind.value,
        "before": change.before,
        "after": change.after,
        "masked": change.masked,
        "noise": change.noise,
        "note": change.note,
        "by": change.by,
    }
    if change.lines:
        shape["lines"] = [f"{line.sign} {line.text}" for line in change.lines]
    return shape
