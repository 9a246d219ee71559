"""What changes in the values: those that the operator gave, and those that the chart ships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hubtui.model.diff_change import Change, masked_change
from hubtui.model.diff_content import Content
from hubtui.model.diff_tree import Difference, Kind, differences
from hubtui.model.redact import MASK, Redactor, is_masked
from hubtui.model.yaml_text import scalar

AS_SHIPPED = "the chart's default"
OVERRIDDEN = "the operator's own value counts"
NULL = "null, as if it were not there"


def value_changes(before: Content, after: Content, redactor: Redactor) -> tuple[Change, ...]:
    """The changes of the operator's own values, leaf by leaf.

    A value that comes or goes is noted with the chart's default that it replaces or leaves.
    """
    changes = []
    for found in differences(dict(before.config), dict(after.config)):
        for leaf in leaves(found):
            side = before if leaf.kind is Kind.ADDED else after
            default = _default(side.defaults, leaf)
            value = leaf.after if leaf.kind is Kind.ADDED else leaf.before
            same = default is not None and type(default) is type(value) and default == value
            changes.append(
                masked_change(
                    leaf,
                    redactor,
                    noise=AS_SHIPPED if same else "",
                    note=_default_note(leaf, default, redactor),
                )
            )
    return tuple(changes)


def default_changes(before: Content, after: Content, redactor: Redactor) -> tuple[Change, ...]:
    """The changes of what the chart ships: another version of it has other defaults.

    Helm's `--reuse-values` also stores what ran as the chart's own (`pkg/action/upgrade.go`,
    reuseValues), without nulls: a default is noise where the operator gives the value before and
    after, and where a null comes or goes.
    """

    def noise(leaf: Difference) -> str:
        if leaf.before is None and leaf.after is None:
            return NULL
        return OVERRIDDEN if all(_gives(side.config, leaf) for side in (before, after)) else ""

    found = differences(dict(before.defaults), dict(after.defaults))
    return tuple(
        masked_change(leaf, redactor, noise=noise(leaf)) for each in found for leaf in leaves(each)
    )


def _gives(config: Mapping[str, Any], leaf: Difference) -> bool:
    """Whether the operator's values hold one there, or a text or list that takes its place."""
    value: Any = config
    for step in leaf.steps:
        if not isinstance(value, Mapping):
            return True
        if step not in value:
            return False
        value = value[step]
    return True


def leaves(difference: Difference) -> Iterator[Difference]:
    """A mapping that comes or goes, as its leaves that come or go."""
    value = difference.after if difference.kind is Kind.ADDED else difference.before
    whole = difference.kind in (Kind.ADDED, Kind.REMOVED)
    if not (whole and isinstance(value, Mapping) and value):
        yield difference
        return
    for key, item in value.items():
        steps = (*difference.steps, key)
        if difference.kind is Kind.ADDED:
            yield from leaves(Difference(steps, Kind.ADDED, after=item))
        else:
            yield from leaves(Difference(steps, Kind.REMOVED, before=item))


def _default(defaults: Mapping[str, Any], leaf: Difference) -> Any:
    if leaf.kind not in (Kind.ADDED, Kind.REMOVED):
        return None
    value: Any = defaults
    for step in leaf.steps:
        if not isinstance(step, str) or not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def _default_note(leaf: Difference, default: Any, redactor: Redactor) -> str:
    if default is None or isinstance(default, Mapping):
        return ""
    shown = redactor.mask([str(step) for step in leaf.steps], default)
    return f"default {MASK if is_masked(shown) else scalar(shown)}"
