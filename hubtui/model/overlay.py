"""Values to edit by hand: what is shown of a release's values, and what an edit changes of them.

Secrets are left out with all that they stand in: a list is Helm's smallest whole, so a list with a
secret in it is left out as one. What an edit gives back are only its changes, a null where
something was taken away. helm takes that as "the chart's default again", but not with
--reuse-values, which makes the running values defaults of the chart (helm 3 and 4,
`pkg/action/upgrade.go`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtui.model.redact import Redactor, is_masked
from hubtui.model.values_path import Path, at, dotted
from hubtui.model.yaml_text import YamlError, dump, load


@dataclass(frozen=True, slots=True)
class Shown:
    """Values without secrets; `left_out` are the paths that are missing."""

    values: dict[str, Any] = field(repr=False)
    left_out: tuple[Path, ...] = ()


def shown(
    values: Mapping[str, Any], redactor: Redactor, secret_paths: Iterable[Path] = ()
) -> Shown:
    """The values that may be shown in an editor; `secret_paths` are those known from elsewhere."""
    left_out: list[Path] = []
    known = frozenset(secret_paths)

    def without(value: Mapping[str, Any], masked: Mapping[str, Any], path: Path) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, item in value.items():
            at, hidden = (*path, str(key)), masked[key]
            if at in known or (is_masked(hidden) and not isinstance(item, Mapping)):
                left_out.append(at)
            elif isinstance(item, Mapping):
                inner = without(item, hidden, at)
                if inner or not item:
                    kept[key] = inner
            else:
                kept[key] = item
        return kept

    found = without(values, redactor.mask((), values), ())
    return Shown(found, tuple(left_out))


def text_of(shown_: Shown, heading: Iterable[str]) -> str:
    """The file for the editor: comments at its head, then the values as YAML."""
    lines = [f"# {line}".rstrip() for line in heading]
    if shown_.left_out:
        lines += ["#", "# Secrets are left out here and stay as they are:"]
        lines += [f"#   {dotted(path)}" for path in shown_.left_out]
    body = dump(shown_.values) if shown_.values else ""
    return "\n".join([*lines, "", body, ""])


def read(text: str) -> dict[str, Any]:
    """The values in an edited file; raises YamlError, with the line where it is known."""
    values = load(text)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise YamlError("the values are no mapping of names", 1)
    return values


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], left_out: Iterable[Path] = ()
) -> dict[str, Any]:
    """What turns one document into another when it is merged over it as Helm merges.

    `left_out` are paths that neither shows and that stay: of a map around one of them, what was
    shown is taken away, and not the map.
    """
    hidden = tuple(left_out)
    found: dict[str, Any] = {}
    for key in (key for key in before if key not in after):
        below = _below(hidden, key)
        found[key] = changes(before[key], {}, below) if below else None
    for key, item in after.items():
        old = before.get(key)
        if isinstance(item, Mapping) and isinstance(old, Mapping):
            if inner := changes(old, item, _below(hidden, key)):
                found[key] = inner
        elif key not in before or not _same(item, old):
            found[key] = item
    return found


def _below(paths: Iterable[Path], key: object) -> tuple[Path, ...]:
    return tuple(path[1:] for path in paths if path[:1] == (str(key),))


def _same(one: object, other: object) -> bool:
    """Whether two values are one in JSON, where true is no 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def paths(overlay: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """The paths that an overlay sets or takes away."""
    for key, item in overlay.items():
        if isinstance(item, Mapping) and item:
            yield from paths(item, (*path, str(key)))
        else:
            yield (*path, str(key))


def nulls(overlay: Mapping[str, Any]) -> Iterator[Path]:
    """The paths that an overlay takes away."""
    return (path for path in paths(overlay) if at(overlay, path) is None)
