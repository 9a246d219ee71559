"""One change as it may be shown: its path in words, its values masked, its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hubtui.model.diff_text import Line, line_diff
from hubtui.model.diff_tree import Difference, Item, Kind, Steps
from hubtui.model.redact import MASK, Redactor, hide, is_masked


@dataclass(frozen=True, slots=True)
class Change:
    """One changed field, without secrets.

    `path` reads `spec.containers[hub].env[IMAGE].value`, and is empty for a whole object; `noise`
    says why it needs no look, empty when it does. `masked` tells that a secret was taken out: two
    masked values that look the same still differ. `note` is what else is worth a word. `lines`
    are the lines that differ where the value is a text of several lines. `steps` and `order` are
    those of the Difference.
    """

    path: str
    kind: Kind
    before: Any = None
    after: Any = None
    noise: str = ""
    masked: bool = False
    note: str = ""
    by: str = ""
    lines: tuple[Line, ...] = field(default=(), repr=False)
    steps: Steps = ()
    order: tuple[int, ...] = ()


def path_text(steps: Steps) -> str:
    """A path in words: names with dots between, a list's items in brackets."""
    text = ""
    for step in steps:
        if isinstance(step, Item):
            text += f"[{step.label}]"
        else:
            text += f".{step}" if text else step
    return text


def masked_change(
    difference: Difference,
    redactor: Redactor,
    *,
    sealed: bool = False,
    noise: str = "",
    note: str = "",
    by: str = "",
) -> Change:
    """The difference without its secrets; `sealed` masks all of it, as in a Secret's data."""
    before = _masked(difference.steps, difference.before, redactor, sealed)
    after = _masked(difference.steps, difference.after, redactor, sealed)
    return Change(
        path=path_text(difference.steps),
        kind=difference.kind,
        before=before,
        after=after,
        noise=noise or difference.noise,
        masked=not redactor.reveal and (is_masked(before) or is_masked(after)),
        note=note,
        by=by,
        lines=_lines(difference, before, after),
        steps=difference.steps,
        order=difference.order,
    )


def _masked(steps: Steps, value: Any, redactor: Redactor, sealed: bool) -> Any:
    if redactor.reveal or value is None:
        return value
    if sealed:
        return hide(value)
    for path in _secret_paths(steps):
        masked = redactor.mask(path, value)
        if is_masked(masked):
            return masked
    return value


def _secret_paths(steps: Steps) -> Iterator[tuple[str, ...]]:
    """The path as the redactor reads it, once for each name that `{name: …, value: …}` had."""
    names = {name for step in steps if isinstance(step, Item) for name in step.names}
    for name in (*sorted(names), ""):
        path: list[str] = []
        for index, step in enumerate(steps):
            if isinstance(step, Item):
                path.append(str(step.after if step.before is None else step.before))
                named = index + 1 < len(steps) and steps[index + 1] == "value"
                if named and name in step.names:
                    path.append(name)
            else:
                path.append(step)
        yield tuple(path)


def _lines(difference: Difference, before: Any, after: Any) -> tuple[Line, ...]:
    old, new = difference.before, difference.after
    if not (isinstance(old, str) and isinstance(new, str)) or "\n" not in old + new:
        return ()
    if MASK in (before, after):
        return ()
    return line_diff(old, new, before, after)
