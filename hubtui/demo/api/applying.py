"""Server-side apply: merges what a manager wants, takes away what it no longer wants.

After structured-merge-diff's `merge.Updater` and apimachinery's `managedfields`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hubtui.demo.api import fieldsets
from hubtui.demo.api.fieldsets import Fields, below, fields_of, owned_part, parts
from hubtui.demo.api.owners import Owner, owners_of, with_owners
from hubtui.demo.api.schema import Path
from hubtui.demo.refusals import RefusedError
from hubtui.demo.storage import Json

Conflicts = list[tuple[Owner, list[Path]]]


def applied(live: Json, wanted: Json, writer: Owner, *, force: bool) -> Json:
    """The live object after an apply of `wanted`. Raises RefusedError (409) for a conflict."""
    status = writer.subresource == "status"
    asked = owned_part(wanted, status=status)
    fields = fields_of(asked)
    owners = owners_of(live)
    last = next((each for each in owners if each.is_same(writer)), None)
    others = [each for each in owners if each is not last]
    merged = _merge(live, {**asked}, ())
    dropped = (last.fields if last else frozenset()) - fields
    merged = _prune(merged, _unowned(dropped, fields, others), (), ())
    put, gone = fieldsets.changed(
        owned_part(live, status=status), owned_part(merged, status=status)
    )
    conflicts = [(each, sorted(each.fields & put)) for each in others if each.fields & put]
    if conflicts and not force:
        raise conflict(conflicts)
    taken = gone | (put if force else frozenset())
    kept = [replace(each, fields=each.fields - taken) for each in others]
    same = not put and not gone and last is not None and last.fields == fields
    mine = last if same and last else replace(writer, fields=fields)
    return with_owners(merged, [*kept, mine])


def conflict(conflicts: Conflicts) -> RefusedError:
    """409 of an apply, in the words of apimachinery's `NewConflictError`."""
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f"conflict with {owner.words}",
            "field": fieldsets.shown(path),
        }
        for owner, paths in conflicts
        for path in paths
    ]
    if len(causes) == 1:
        words = f"1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        listed = [
            f"conflicts with {owner.words}:\n"
            + "\n".join(f"- {fieldsets.shown(path)}" for path in paths)
            for owner, paths in sorted(conflicts, key=lambda each: each[0].words)
        ]
        words = f"{len(causes)} conflicts: " + "\n".join(listed)
    return RefusedError(409, "Conflict", f"Apply failed with {words}", {"causes": causes})


def _merge(live: Any, wanted: Any, names: Path) -> Any:
    new, old = parts(wanted, names), parts(live, names)
    if new is None or old is None or type(live) is not type(wanted):
        return wanted
    if isinstance(wanted, dict):
        result = dict(live)
        for key, value in wanted.items():
            inside = (*names, key)
            result[key] = _merge(live[key], value, inside) if key in live else value
        return {key: value for key, value in result.items() if value is not None}
    found: dict[str, Any] = dict(old)
    for step, item in new.items():
        found[step] = _merge(old[step], item, below(names, step)) if step in old else item
    if [step for step in old if step in new] == [step for step in new if step in old]:
        return list(found.values())
    return [found[step] for step in new] + [found[step] for step in old if step not in new]


def _unowned(dropped: Fields, wanted: Fields, others: list[Owner]) -> Fields:
    """What nobody wants any more: neither a field nor anything inside of it has an owner."""
    owned = wanted.union(*(each.fields for each in others))
    held = {path[:size] for path in owned for size in range(1, len(path) + 1)}
    return frozenset(path for path in dropped if path not in held)


def _prune(value: Any, gone: Fields, names: Path, steps: Path) -> Any:
    if not gone:
        return value
    inside = parts(value, names)
    if not inside:
        return value
    # An item that stays keeps what tells it apart.
    keys = json.loads(steps[-1][2:]) if steps and steps[-1][:2] == "k:" else {}
    kept: dict[str, Any] = {}
    for step, item in inside.items():
        path = (*steps, step)
        if path in gone and step[2:] not in keys:
            continue
        further = frozenset(each for each in gone if each[: len(path)] == path)
        left = _prune(item, further, below(names, step), path)
        if further and isinstance(left, (dict, list)) and not left and item:
            continue  # all of it was the manager's
        kept[step] = left
    if isinstance(value, Mapping):
        return {step[2:]: item for step, item in kept.items()}
    return list(kept.values())
