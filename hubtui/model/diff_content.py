"""What of a revision is compared: its values, its objects, its hooks, its images."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hubtui.model.hub_chart import hub_path, hub_values
from hubtui.model.manifest import (
    Broken,
    Document,
    Image,
    Key,
    Resource,
    documents,
    finish,
    images,
    singleuser_image,
)
from hubtui.model.release import Chart, Hook, Payload


@dataclass(frozen=True, slots=True)
class HookObjects:
    """A hook and the objects of its manifest."""

    hook: Hook
    objects: tuple[Document, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """One side of a comparison; `label` is what it is called, such as a revision's number.

    `hub_path` is where the hub's values stand in `config`, None when it is no hub's release.
    Values and objects hold secrets in plain text and stay out of the repr.
    """

    label: str
    namespace: str
    chart: Chart | None = None
    hub_path: tuple[str, ...] | None = None
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    defaults: Mapping[str, Any] = field(default_factory=dict, repr=False)
    objects: tuple[Document, ...] = field(default=(), repr=False)
    hooks: tuple[HookObjects, ...] = field(default=(), repr=False)
    singleuser: str = ""
    known: Mapping[str, tuple[Document, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What each document's text was read to, for `content_steps` of the other side."""

    @property
    def broken(self) -> tuple[Broken, ...]:
        """The documents that cannot be read, hooks included."""
        everything = (*self.objects, *(item for hook in self.hooks for item in hook.objects))
        return tuple(item for item in everything if isinstance(item, Broken))

    @property
    def images(self) -> tuple[Image, ...]:
        """The images of all containers, those of user servers first."""
        found = images((*self.objects, *(item for hook in self.hooks for item in hook.objects)))
        if not self.singleuser:
            return found
        return (Image("singleuser", "singleuser", "singleuser", self.singleuser), *found)


def content(payload: Payload, known: Content | None = None) -> Content:
    """`content_steps` at once."""
    return finish(content_steps(payload, known))


def content_steps(payload: Payload, known: Content | None = None) -> Generator[str, None, Content]:
    """Reads a revision's manifest and hooks; yields after each document, for interleaving.

    What it yields is the document's text up to its first line end: of no use but for progress.
    `known` is the other side: what both share is read once.
    """
    read = dict(known.known) if known else {}
    seen: dict[str, tuple[Document, ...]] = {}
    objects: list[Document] = []
    for text, items in documents(payload.manifest, read):
        seen[text] = items
        objects.extend(items)
        yield text.lstrip().partition("\n")[0]
    hooks = []
    for hook in payload.hooks:
        found: list[Document] = []
        for text, items in documents(hook.manifest, read):
            seen[text] = items
            found.extend(items)
        hooks.append(HookObjects(hook, tuple(found)))
        yield hook.path
    path = hub_path(payload)
    return Content(
        label=str(payload.revision),
        namespace=payload.namespace,
        chart=payload.chart,
        hub_path=path,
        config=payload.config,
        defaults=payload.defaults,
        objects=tuple(objects),
        hooks=tuple(hooks),
        singleuser=_singleuser(payload, path, objects),
        known=seen,
    )


def merge(defaults: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Values as Helm computes them: mappings merged, null takes a default away."""
    merged = dict(defaults)
    for key, value in config.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def at(values: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of names; None where there is none."""
    for name in path:
        if not isinstance(values, Mapping):
            return None
        values = values.get(name)
    return values


def keyed(content_: Content) -> dict[Key, Document]:
    """The objects by identity; an identity that comes again gets an ordinal."""
    return _keyed(content_.objects, content_.namespace)


def keyed_hooks(content_: Content) -> dict[Key, Document]:
    """The hooks' objects by identity."""
    return _keyed((item for hook in content_.hooks for item in hook.objects), content_.namespace)


def _keyed(items: Any, namespace: str) -> dict[Key, Document]:
    found: dict[Key, Document] = {}
    for item in items:
        key = item.key(namespace) if isinstance(item, Resource) else Key("", "?", "", item.source)
        found[next(free for free in _ordinals(key) if free not in found)] = item
    return found


def _ordinals(key: Key) -> Iterator[Key]:
    yield key
    for ordinal in count(1):
        yield Key(key.group, key.kind, key.namespace, key.name, ordinal)


def _singleuser(payload: Payload, path: tuple[str, ...] | None, objects: list[Document]) -> str:
    if path is None:
        return ""
    given, shipped = at(payload.config, path), at(payload.defaults, path)
    merged = merge(
        shipped if isinstance(shipped, Mapping) else {}, given if isinstance(given, Mapping) else {}
    )
    image = at(merged, ("singleuser", "image"))
    if isinstance(image, Mapping) and image.get("name") and image.get("tag"):
        return singleuser_image(merged)
    # A sub-chart's defaults are not in the payload: the Secret holds what was computed.
    return singleuser_image(hub_values(objects))
