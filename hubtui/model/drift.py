"""Drift: what of one object in the cluster is not as its revision says, and who made it so.

Told is what an apply of the revision would change; the server's defaults and status are none.
What others have added and an apply leaves alone is told apart, as noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from hubtui.model.age import rfc3339
from hubtui.model.diff import ObjectDiff
from hubtui.model.diff_change import Change, masked_change
from hubtui.model.diff_tree import Difference, Item, Kind, Steps, differences
from hubtui.model.managed_fields import Owner, Owners
from hubtui.model.manifest import Image, Key, Resource, images
from hubtui.model.merge_keys import is_known
from hubtui.model.redact import Redactor
from hubtui.model.three_way import Method, Object, adopted, applied, bare, desired

LIVE: Final = "live"
"""What the side of the cluster is called."""

LEFT_ALONE: Final = "added here, an apply leaves it"
NOT_UNDONE: Final = "helm does not undo this in a kind that it does not know"
_OPEN: Final = frozenset(
    ("labels", "annotations", "data", "binaryData", "nodeSelector", "limits", "env", "volumes")
)
"""Where people add things, and the server adds nothing by default."""
_SYSTEM_KEYS: Final = ("kubernetes.io/", "k8s.io/")


@dataclass(frozen=True, slots=True)
class Manifested:
    """An object of a release: `last` as it was applied, `target` as it is to be (the same object
    where drift is asked for). `release` and `namespace` are what Helm marks it with."""

    key: Key
    title: str
    target: Resource
    last: Resource | None
    method: Method
    release: str
    namespace: str

    def wanted(self) -> Object:
        """The object as Helm would send it."""
        return adopted(desired(self.target.body), self.release, self.namespace)

    def before(self) -> Object | None:
        """The object as Helm sent it last."""
        if self.last is None:
            return None
        return adopted(desired(self.last.body), self.release, self.namespace)


@dataclass(frozen=True, slots=True)
class Compared:
    """One object as an apply would leave it, and as it is."""

    each: Manifested
    live: Object
    after_apply: Object
    owners: Owners

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What an apply would change, from the state that it leaves to the live one."""
        found = differences(self.after_apply, self.live)
        return tuple(each for each in found if each.kind is not Kind.MOVED or not each.noise)

    def images(self) -> tuple[tuple[Image, ...], tuple[Image, ...]]:
        """The containers' images on both sides."""
        target = self.each.target
        before, after = (
            images((replace(target, body=body),)) for body in (self.after_apply, self.live)
        )
        return before, after


def compare_object(
    each: Manifested, live: Mapping[str, Any], answered: Mapping[str, Any] | None = None
) -> Compared:
    """Compares with the live object; `answered` is what a dry run of the apply came to, which is
    then believed rather than our own merge."""
    owners = Owners.of(live)
    here = bare(live)
    if answered is not None:
        after = bare(answered)
    else:
        after = applied(
            each.before(),
            each.wanted(),
            here,
            each.method,
            lambda path: owners.others(here, path),
        )
    return Compared(each, here, after, owners)


def object_diff(found: Compared, redactor: Redactor) -> ObjectDiff | None:
    """What to show of an object; None where it is in sync."""
    each = found.each
    secret = each.target.kind == "Secret"
    stays = each.method is Method.CLIENT and not is_known(each.target.api_version)
    changes = [
        _change(found, difference, redactor, secret=secret, note=NOT_UNDONE if stays else "")
        for difference in found.differences
    ]
    changes += [
        _change(found, extra, redactor, secret=secret, noise=LEFT_ALONE)
        for extra in extras(found.each.wanted(), found.live)
        if _by_people(found.owners.of_field(found.live, extra.steps), extra.steps)
    ]
    return ObjectDiff(each.key, each.title, Kind.CHANGED, tuple(changes)) if changes else None


def missing(each: Manifested, redactor: Redactor) -> ObjectDiff:
    """An object of the revision that the cluster does not have."""
    change = Change(path="", kind=Kind.REMOVED, before=redactor.mask_object(each.target.body))
    return ObjectDiff(each.key, each.title, Kind.REMOVED, (change,))


def _change(
    found: Compared,
    difference: Difference,
    redactor: Redactor,
    *,
    secret: bool,
    noise: str = "",
    note: str = "",
) -> Change:
    owner = found.owners.of_field(found.live, difference.steps)
    if difference.kind is Kind.REMOVED:
        owner = None  # nobody owns what is gone
    return masked_change(
        difference,
        redactor,
        sealed=secret and difference.steps[0] in ("data", "stringData"),
        noise=noise,
        note=note,
        by=said(owner) if owner else "",
    )


def said(owner: Owner) -> str:
    """Who and when in a few words: `kubectl-edit, 2026-11-23 13:05 UTC`.

    Of a scale the server keeps no time.
    """
    who = f"{owner.manager} ({owner.subresource})" if owner.subresource else owner.manager
    written = rfc3339(owner.time)
    return f"{who}, {written[:10]} {written[11:16]} UTC" if written else who


def _by_people(owner: Owner | None, steps: Steps) -> bool:
    if owner is None or owner.system:
        return False
    last = steps[-1]
    return not (isinstance(last, str) and any(part in last for part in _SYSTEM_KEYS)) or (
        "kubectl" in str(last)
    )


def extras(target: Any, live: Any, path: Steps = ()) -> Iterator[Difference]:
    """What the live object has beyond the target, where nothing comes by itself."""
    if isinstance(target, Mapping) and isinstance(live, Mapping):
        for key, value in live.items():
            below = (*path, str(key))
            if key in target:
                yield from extras(target[key], value, below)
            elif path and path[-1] in _OPEN:
                yield Difference(below, Kind.ADDED, after=value)
    elif isinstance(target, list) and isinstance(live, list):
        named = {_name(item): item for item in target if _name(item)}
        for index, item in enumerate(live):
            name = _name(item)
            if name is None:
                return
            below = (*path, Item(name, None, index, (name,)))
            if name in named:
                yield from extras(named[name], item, below)
            elif path and path[-1] in _OPEN:
                yield Difference(below, Kind.ADDED, after=item)


def _name(item: Any) -> str | None:
    name = item.get("name") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else None
