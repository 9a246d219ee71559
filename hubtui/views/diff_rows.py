"""The rows of a diff as a tree: what each says, and the full text behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hubtui.model.diff import Change, ImageChange, Kind, ObjectDiff, RevisionDiff, Unread
from hubtui.model.diff_images import split_image
from hubtui.model.diff_text import Line
from hubtui.model.redact import MASK
from hubtui.model.text import one_line
from hubtui.model.yaml_text import dump, scalar
from hubtui.views.cells import EMPTY, Cell, Tone, cell, plain

SHORT = 72
"""The longest value that a row shows; the rest is in the detail."""

OPEN_LINES = 12
"""Texts and objects of more lines than this are folded at first."""

NOISY_OBJECTS = 3
"""Beyond this many, objects with nothing but noise share one row."""

_SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.MOVED: "~"}
_TONES = {"+": Tone.FINE, "-": Tone.NOW, "~": Tone.SOON, " ": Tone.MUTED, "@": Tone.MUTED}


@dataclass(frozen=True, slots=True)
class Node:
    """One row: its sign, its words, its count at the right, and what is folded under it.

    `change` marks a row that `n` stops at, `inside` how many such rows it folds; `detail` gives
    the full text.
    """

    key: str
    words: Cell
    sign: str = " "
    count: Cell = EMPTY
    children: Callable[[], Sequence[Node]] | None = None
    open: bool = False
    change: bool = False
    inside: int = 0
    detail: Callable[[], list[str]] = list


def tree(diff: RevisionDiff, *, values_only: bool = False) -> Iterator[Node]:
    """The sections of a diff, the most telling first."""
    if diff.images and not values_only:
        yield _section("images", "Images", len(diff.images), lambda: _images(diff.images))
    if diff.values:
        yield _values("values", "Values", diff.values, shown=True)
    if diff.defaults:
        yield _values("defaults", _defaults_title(diff), diff.defaults, shown=False)
    if values_only:
        return
    if diff.hooks:
        counted = sum(1 for each in diff.hooks if each.counted)

        def hooks() -> list[Node]:
            return [_object("h", each) for each in diff.hooks]

        # Hooks that only come or go are the image puller's: it is there when images change.
        edited = any(each.counted and each.kind is Kind.CHANGED for each in diff.hooks)
        yield _section("hooks", "Hooks", counted, hooks, shown=edited)
    noisy = [each for each in diff.objects if not each.counted]
    together = len(noisy) > NOISY_OBJECTS
    yield from (_object("o", each) for each in diff.objects if each.counted or not together)
    if together:
        yield _noisy(noisy)
    yield from (_unread(index, each) for index, each in enumerate(diff.unread))
    if diff.unchanged:
        yield _unchanged(diff.unchanged)


def walk(nodes: Iterable[Node], needle: str, matches: set[str], way: set[str]) -> bool:
    """Collects the rows that hold the needle (in lower case), and those that fold a match.

    A row's full text counts too, where the row cuts it short.
    """
    any_found = False
    for node in nodes:
        here = needle in plain(node.words).lower()
        below = node.children is not None and walk(node.children(), needle, matches, way)
        if not here and node.children is None:
            here = any(needle in line.lower() for line in node.detail())
        if here:
            matches.add(node.key)
        if below:
            way.add(node.key)
        any_found = any_found or here or below
    return any_found


def _section(
    key: str, title: str, count: int, children: Callable[[], Sequence[Node]], *, shown: bool = True
) -> Node:
    said = f"{count} changed" if count else "noise only"
    return Node(
        key=key,
        words=cell(title, Tone.STRONG),
        count=cell(said, Tone.STRONG if count else Tone.MUTED),
        children=children,
        open=shown,
        inside=count,
        detail=lambda: [line for node in children() for line in node.detail()],
    )


def _values(key: str, title: str, changes: Sequence[Change], *, shown: bool) -> Node:
    width = min(36, max(len(change.path) for change in changes))
    counted = sum(1 for change in changes if not change.noise)

    def rows() -> list[Node]:
        return [
            node
            for index, change in enumerate(changes)
            for node in _change(f"{key}/{index}", change, width)
        ]

    return _section(key, title, counted, rows, shown=shown)


def _defaults_title(diff: RevisionDiff) -> str:
    if diff.chart_before == diff.chart_after:
        return "Chart defaults"
    return f"Chart defaults, {diff.chart_before} → {diff.chart_after}"


def _images(images: Sequence[ImageChange]) -> list[Node]:
    names = [one_line(f"{image.role} {image.container}".strip()) for image in images]
    width = max(len(name) for name in names)
    return [
        _image(f"images/{index}", f"{name:<{width}}", image)
        for index, (name, image) in enumerate(zip(names, images, strict=True))
    ]


def _image(key: str, name: str, image: ImageChange) -> Node:
    if not image.before or not image.after:
        sign = "+" if image.after else "-"
        said = f"{image.before}{image.after}"
    elif image.repository:
        sign = "~"
        old, new = split_image(image.before)[1], split_image(image.after)[1]
        said = f"{image.repository}  {_short(old)} → {_short(new)}"
    else:
        sign, said = "~", f"{image.before} → {image.after}"
    return Node(
        key=key,
        words=((f"{name}  {_spaced(said)}", _TONES[sign]),),
        sign=sign,
        change=True,
        detail=lambda: [name.strip(), f"- {image.before}", f"+ {image.after}"],
    )


def _object(prefix: str, each: ObjectDiff) -> Node:
    key = f"{prefix}:{each.key}"
    if each.kind is not Kind.CHANGED and not each.broken:
        return _whole(key, each)
    count: Cell = cell(f"{each.counted} changed", Tone.STRONG) if each.counted else EMPTY
    if each.noise:
        said = f"{len(each.noise)} noise" if not each.counted else f" · {len(each.noise)} noise"
        count = (*count, (said, Tone.MUTED))
    if each.broken:
        return Node(
            key=key,
            words=((f"{one_line(each.title)}  {one_line(each.broken)}", Tone.SOON),),
            sign="~",
            change=True,
            detail=lambda: [each.title, each.broken],
        )

    def rows() -> list[Node]:
        said = (
            [Node(f"{key}/remark", cell(one_line(each.remark), Tone.SOON))] if each.remark else []
        )
        return said + [
            node
            for index, change in enumerate(each.changes)
            for node in _change(f"{key}/{index}", change)
        ]

    return Node(
        key=key,
        words=cell(each.title, Tone.STRONG),
        count=count,
        children=rows,
        open=len(each.changes) <= OPEN_LINES,
        inside=each.counted,
        detail=lambda: [
            each.title,
            *([each.remark] if each.remark else []),
            *(line for change in each.changes for line in full(change)),
        ],
    )


def _whole(key: str, each: ObjectDiff) -> Node:
    sign = _SIGNS[each.kind]
    change = each.changes[0]

    def text() -> list[str]:
        return dump(change.after if each.kind is Kind.ADDED else change.before).split("\n")

    return Node(
        key=key,
        words=cell(each.title, _TONES[sign]),
        count=cell(f"{each.kind}; {each.remark}" if each.remark else str(each.kind), _TONES[sign]),
        sign=sign,
        children=lambda: [
            Node(f"{key}/{index}", ((line, _TONES[sign]),), sign)
            for index, line in enumerate(text())
        ],
        change=True,
        detail=lambda: [each.title, *(f"{sign} {line}" for line in text())],
    )


def _noisy(objects: Sequence[ObjectDiff]) -> Node:
    reasons = dict.fromkeys(change.noise for each in objects for change in each.noise)
    return Node(
        key="noise",
        words=cell(f"{len(objects)} objects differ in noise only", Tone.MUTED),
        count=cell(", ".join(reasons), Tone.MUTED),
        children=lambda: [_object("o", each) for each in objects],
        detail=lambda: [each.title for each in objects],
    )


def _unread(index: int, each: Unread) -> Node:
    return Node(
        key=f"unread/{index}",
        words=((f"{one_line(each.title)}  not readable: {one_line(each.reason)}", Tone.SOON),),
        sign="?",
        detail=lambda: [each.title, f"not readable: {each.reason}"],
    )


def _unchanged(titles: Sequence[str]) -> Node:
    objects = "1 object" if len(titles) == 1 else f"{len(titles)} objects"

    def row(index: int, title: str) -> Node:
        return Node(f"unchanged/{index}", cell(title, Tone.MUTED), detail=lambda: [title])

    return Node(
        key="unchanged",
        words=cell(f"{objects} unchanged", Tone.MUTED),
        children=lambda: [row(index, title) for index, title in enumerate(titles)],
        detail=lambda: list(titles),
    )


def _change(key: str, change: Change, width: int = 0) -> Iterator[Node]:
    """The rows of one change; `width` aligns the values of short ones in one row."""
    path = one_line(change.path)

    def detail() -> list[str]:
        return full(change)

    def row(words: str, sign: str, tone: Tone | None = None, suffix: str = "") -> Node:
        spans = ((words, tone or _TONES[sign]),)
        return Node(key + suffix, spans, sign, change=not change.noise, detail=detail)

    told = "; ".join(one_line(said) for said in (change.by, change.note) if said)
    note = f"  ({told})" if told else ""
    if change.noise:
        by = f", {one_line(change.by)}" if change.by else ""
        word = "" if change.by else "noise: "
        yield row(f"{path}   ({word}{change.noise}{by})", " ", Tone.MUTED)
    elif change.lines:
        yield _lines(key, path + note, change)
    elif change.kind is Kind.CHANGED and change.before == change.after == MASK:
        said = f"{MASK} changed" + (f", {told}" if told else "")
        if change.note:
            yield row(f"{path:<{width}}   {said}", " ", Tone.MUTED)
        else:
            yield row(f"{path:<{width}}   {said}", "~")
    elif change.kind is Kind.MOVED:
        yield row(f"{path}  order: {_value(change.before)} → {_value(change.after)}{note}", "~")
    elif change.kind is Kind.CHANGED and width:
        yield row(f"{path:<{width}}  {_value(change.before)} → {_value(change.after)}{note}", "~")
    elif change.kind is Kind.CHANGED:
        yield row(f"{path}: {_value(change.before)}", "-", suffix="-")
        yield Node(
            f"{key}+", ((f"{path}: {_value(change.after)}{note}", Tone.FINE),), "+", detail=detail
        )
    else:
        value = change.after if change.kind is Kind.ADDED else change.before
        yield row(f"{path}: {_value(value)}{note}", _SIGNS[change.kind])


def _lines(key: str, path: str, change: Change) -> Node:
    added = sum(1 for line in change.lines if line.sign == "+")
    removed = sum(1 for line in change.lines if line.sign == "-")
    return Node(
        key=key,
        words=((f"{path}  +{added} -{removed} lines", Tone.SOON),),
        sign="~",
        children=lambda: [_line(f"{key}/{index}", line) for index, line in enumerate(change.lines)],
        open=len(change.lines) <= OPEN_LINES,
        change=True,
        detail=lambda: full(change),
    )


def _line(key: str, line: Line) -> Node:
    text = f"… {line.text}" if line.sign == "@" else _spaced(line.text.expandtabs(4))
    sign = " " if line.sign == "@" else line.sign
    return Node(key, ((text, _TONES[line.sign]),), sign, detail=lambda: [line.text])


def full(change: Change) -> list[str]:
    """All of a change: both values as YAML, or the lines that differ, and what is to say."""
    head = change.path or "the whole object"
    said = [f"noise: {change.noise}"] if change.noise else []
    if change.note:
        said.append(change.note)
    if change.by:
        said.append(f"by {change.by}")
    if change.masked and change.before == change.after:
        said.append("masked, and not the same")
    lines = [f"{head}  ({'; '.join(said)})" if said else head]
    if change.lines:
        return lines + [f"{line.sign} {line.text}" for line in change.lines]
    if change.kind is not Kind.ADDED:
        lines += [f"- {line}" for line in dump(change.before).split("\n")]
    if change.kind is not Kind.REMOVED:
        lines += [f"+ {line}" for line in dump(change.after).split("\n")]
    return lines


def _value(value: Any) -> str:
    return _short(one_line(scalar(value)))


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def _spaced(text: str) -> str:
    """Text on one line that keeps its spaces: indentation says something here."""
    return text.replace("\n", " ")
