"""The difference between two revisions (or a revision and the cluster), as an operator reads it.

Semantic (by field, lists by their keys), folded by object, with what needs no look told apart as
noise and with secrets masked: what a RevisionDiff holds may be shown, copied and written. Sides
are compared as they are and masked afterwards, so a changed secret is a change.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass

from hubtui.model.diff_change import Change, masked_change
from hubtui.model.diff_content import Content, content_steps, keyed, keyed_hooks
from hubtui.model.diff_images import ImageChange, image_changes
from hubtui.model.diff_noise import Context
from hubtui.model.diff_tree import Difference, Kind, differences
from hubtui.model.diff_values import default_changes, value_changes
from hubtui.model.hub_chart import is_hub_secret
from hubtui.model.manifest import Broken, Document, Key, Resource, finish
from hubtui.model.merge_keys import is_known
from hubtui.model.redact import Redactor
from hubtui.model.release import Payload

__all__ = [
    "Change",
    "Content",
    "Counts",
    "ImageChange",
    "Kind",
    "ObjectDiff",
    "RevisionDiff",
    "Unread",
    "compare",
    "compare_payloads",
    "payload_steps",
    "steps",
]

SHOWN_AS_VALUES = "shown as Values above"
_REPEATED_TOLD = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects change, come and go; those with nothing but noise are not counted."""

    changed: int = 0
    added: int = 0
    removed: int = 0

    def __str__(self) -> str:
        return f"~{self.changed} +{self.added} -{self.removed}"

    @property
    def total(self) -> int:
        return self.changed + self.added + self.removed


@dataclass(frozen=True, slots=True)
class ObjectDiff:
    """What changes of one object; `broken` says why it could not be compared, `remark` what else is
    odd about it."""

    key: Key
    title: str
    kind: Kind
    changes: tuple[Change, ...] = ()
    broken: str = ""
    remark: str = ""

    @property
    def counted(self) -> int:
        """The number of changes that need a look."""
        return 1 if self.broken else sum(1 for change in self.changes if not change.noise)

    @property
    def noise(self) -> tuple[Change, ...]:
        """The changes that need none."""
        return tuple(change for change in self.changes if change.noise)


@dataclass(frozen=True, slots=True)
class Unread:
    """An object that could not be compared, since it may not or could not be read."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class RevisionDiff:
    """All that differs between two sides.

    `values` are the operator's own, `defaults` what the chart ships; `hooks` are not in `counts`,
    which are of the release's objects. `unchanged` are the titles of those that stay as they are,
    `unread` are those of which nothing is known. `advice` is what can be done about it.
    """

    before: str
    after: str
    chart_before: str = ""
    chart_after: str = ""
    images: tuple[ImageChange, ...] = ()
    values: tuple[Change, ...] = ()
    defaults: tuple[Change, ...] = ()
    hooks: tuple[ObjectDiff, ...] = ()
    objects: tuple[ObjectDiff, ...] = ()
    unchanged: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    advice: str = ""

    @property
    def counts(self) -> Counts:
        """The objects that change, come and go, without those with nothing but noise."""
        kinds = [each.kind for each in self.objects if each.counted]
        return Counts(kinds.count(Kind.CHANGED), kinds.count(Kind.ADDED), kinds.count(Kind.REMOVED))

    @property
    def empty(self) -> bool:
        """Whether nothing differs at all, noise included."""
        sides = (self.images, self.values, self.defaults, self.hooks, self.objects, self.unread)
        return not any(sides)


def compare(before: Content, after: Content, redactor: Redactor) -> RevisionDiff:
    """What changes from one side to the other; `steps` at once."""
    return finish(steps(before, after, redactor))


def compare_payloads(before: Payload, after: Payload, redactor: Redactor) -> RevisionDiff:
    """What changes from one revision to the other; `payload_steps` at once."""
    return finish(payload_steps(before, after, redactor))


def payload_steps(
    before: Payload, after: Payload, redactor: Redactor
) -> Generator[str, None, RevisionDiff]:
    """Reads and compares two revisions; yields after each document read and each object compared.

    No step takes longer than reading the largest document. Documents that both share are read
    once. The generator's return value is the diff.
    """
    old = yield from content_steps(before)
    new = yield from content_steps(after, known=old)
    return (yield from steps(old, new, redactor))


def steps(
    before: Content, after: Content, redactor: Redactor
) -> Generator[str, None, RevisionDiff]:
    """Compares two sides; yields the title of each object after it was compared."""
    context = Context.of(before, after)
    redactor = redactor.knowing(before.config, after.config)
    values = value_changes(before, after, redactor)
    defaults = default_changes(before, after, redactor)
    yield "values"
    comparing = _Comparing(context, redactor, SHOWN_AS_VALUES if values or defaults else "")
    hooks, _ = yield from comparing.all(keyed_hooks(before), keyed_hooks(after), after.namespace)
    objects, unchanged = yield from comparing.all(keyed(before), keyed(after), after.namespace)
    return RevisionDiff(
        before=before.label,
        after=after.label,
        chart_before=before.chart.label if before.chart else "",
        chart_after=after.chart.label if after.chart else "",
        images=image_changes(before.images, after.images, redactor),
        values=values,
        defaults=defaults,
        hooks=hooks,
        objects=objects,
        unchanged=unchanged,
    )


_Compared = tuple[tuple[ObjectDiff, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Comparing:
    context: Context
    redactor: Redactor
    values_note: str

    def all(
        self, before: Mapping[Key, Document], after: Mapping[Key, Document], namespace: str
    ) -> Generator[str, None, _Compared]:
        """The objects that differ, in the manifest's order, and the titles of the others."""
        found: list[ObjectDiff] = []
        unchanged: list[str] = []
        for key in {**before, **after}:
            title = _title(key, before.get(key) or after[key], namespace)
            each = self.one(key, title, before.get(key), after.get(key))
            if each is None:
                unchanged.append(title)
            else:
                found.append(each)
            yield title
        return tuple(found), tuple(unchanged)

    def one(
        self, key: Key, title: str, before: Document | None, after: Document | None
    ) -> ObjectDiff | None:
        if isinstance(before, Broken) or isinstance(after, Broken):
            return _broken(key, title, before, after)
        if before is None or after is None:
            return self._whole(key, title, before, after)
        hub = is_hub_secret(before) or is_hub_secret(after)
        known = is_known(before.api_version) and is_known(after.api_version)
        changes = [
            self._change(found, secret=before.kind == "Secret", hub=hub, known=known)
            for found in differences(before.body, after.body)
        ]
        if not changes:
            return None
        remark = self._remark(before, after)
        return ObjectDiff(key, title, Kind.CHANGED, tuple(changes), remark=remark)

    def _remark(self, *sides: Resource | None) -> str:
        """Which keys come twice: helm takes the last one without a word (sigs.k8s.io/yaml)."""
        labels = (self.context.before, self.context.after)
        told = [
            f"{one.key} (line {one.line}) in {label}"
            for label, side in zip(labels, sides, strict=True)
            for one in (side.repeated if side is not None else ())
        ]
        if not told:
            return ""
        more = f" and {len(told) - _REPEATED_TOLD} more" if len(told) > _REPEATED_TOLD else ""
        return f"written twice, the last one counts: {', '.join(told[:_REPEATED_TOLD])}{more}"

    def _change(self, found: Difference, *, secret: bool, hub: bool, known: bool) -> Change:
        values = hub and found.steps == ("data", "values.yaml") and found.kind is Kind.CHANGED
        sealed = secret and (
            found.steps[0] in ("data", "stringData")
            or "kubectl.kubernetes.io/last-applied-configuration" in found.steps
        )
        return masked_change(
            found,
            self.redactor,
            sealed=sealed,
            noise=self.context.noise(found, hub_secret=hub, known=known),
            note=self.values_note if values else "",
        )

    def _whole(
        self, key: Key, title: str, before: Resource | None, after: Resource | None
    ) -> ObjectDiff:
        kind = Kind.ADDED if before is None else Kind.REMOVED
        change = Change(
            path="",
            kind=kind,
            before=self.redactor.mask_object(before.body) if before else None,
            after=self.redactor.mask_object(after.body) if after else None,
        )
        return ObjectDiff(key, title, kind, (change,), remark=self._remark(before, after))


def _broken(
    key: Key, title: str, before: Document | None, after: Document | None
) -> ObjectDiff | None:
    texts = [side.text if isinstance(side, Broken) else "" for side in (before, after)]
    if before is not None and after is not None and texts[0] == texts[1]:
        return None
    kind = Kind.ADDED if before is None else Kind.REMOVED if after is None else Kind.CHANGED
    said = _words(side for side in (before, after) if isinstance(side, Broken))
    return ObjectDiff(key, title, kind, broken=f"cannot be compared: {said}")


def _words(sides: Iterable[Broken]) -> str:
    errors = (f"line {side.line}: {side.error}" if side.line else side.error for side in sides)
    return "; ".join(dict.fromkeys(errors))


def _title(key: Key, document: Document, namespace: str) -> str:
    title = document.title
    if key.ordinal:
        title = f"{title} #{key.ordinal + 1}"
    return f"{title} in {key.namespace}" if key.namespace not in ("", namespace) else title
