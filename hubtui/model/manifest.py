"""A release's manifest: many YAML documents in one text, read object by object."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hubtui.model.yaml_text import Repeated, YamlError, load_noting

T = TypeVar("T")

_SEPARATOR = re.compile(r"^---(?=\s|$)[ \t]*", re.MULTILINE)
_SOURCE = re.compile(r"^# Source: (?P<path>\S+)", re.MULTILINE)
_EMPTY = re.compile(r"(?:[ \t]*(?:#.*|%.*)?(?:\n|$))*")
_CLUSTER_WIDE = frozenset(
    [
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "CustomResourceDefinition",
        "FlowSchema",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeSnapshotClass",
        "ClusterIssuer",
        "GatewayClass",
    ]
)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What makes an object the same object in two revisions, whatever its API version.

    `ordinal` counts from 0 the objects of one manifest that would be the same.
    """

    group: str
    kind: str
    namespace: str
    name: str
    ordinal: int = 0

    def __str__(self) -> str:
        again = f"#{self.ordinal + 1}" if self.ordinal else ""
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}{again}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One object of a manifest.

    `namespace` is as written, empty where Helm fills in the release's; `source` is the template
    it came from, `repeated` the keys that come twice in its document. `body` holds secrets in plain
    text and stays out of the repr.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    body: dict[str, Any] = field(repr=False, compare=True)
    source: str = ""
    repeated: tuple[Repeated, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def labels(self) -> Mapping[str, Any]:
        """The labels of the object itself; empty where they are missing or no mapping."""
        labels = _mapping(self.body.get("metadata")).get("labels")
        return _mapping(labels)

    def key(self, default_namespace: str = "") -> Key:
        """The identity of the object; `default_namespace` is the release's."""
        group = self.api_version.rpartition("/")[0]
        namespace = "" if self.kind in _CLUSTER_WIDE else self.namespace or default_namespace
        return Key(group, self.kind, namespace, self.name)


@dataclass(frozen=True, slots=True)
class Broken:
    """A document that cannot be read: `line` counts from its `---` as 1."""

    source: str
    error: str
    line: int = 0
    text: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        return self.source or "a document without a source"


Document = Resource | Broken


def texts(manifest: str) -> Iterator[str]:
    """The documents of a manifest as text, without those that hold nothing but comments."""
    for text in _SEPARATOR.split(manifest):
        if not _EMPTY.fullmatch(text):
            yield text


def read_document(text: str) -> tuple[Document, ...]:
    """The objects of one document: none for null, several for a List."""
    found = _SOURCE.search(text)
    source = found["path"] if found else ""
    try:
        value, repeated = load_noting(text)
    except YamlError as error:
        return (Broken(source, error.problem, error.line, text),)
    return tuple(_flatten(value, source, text, repeated))


def documents(
    manifest: str, known: Mapping[str, tuple[Document, ...]] | None = None
) -> Generator[tuple[str, tuple[Document, ...]], None, None]:
    """Each document with its objects, one at a step, so that a caller can interleave.

    `known` maps the text of documents that were read before to their objects: two revisions
    share most of their documents, and reading YAML is what costs.
    """
    for text in texts(manifest):
        found = known.get(text) if known else None
        yield text, read_document(text) if found is None else found


def read(manifest: str) -> tuple[Document, ...]:
    """All objects of a manifest at once."""
    return tuple(item for _, items in documents(manifest) for item in items)


def finish(steps: Generator[object, None, T]) -> T:
    """Runs a generator to its end and gives what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result


def _flatten(
    value: object, source: str, text: str, repeated: tuple[Repeated, ...]
) -> Iterator[Document]:
    if value is None:
        return
    if not isinstance(value, dict):
        yield Broken(source, "is not an object", 0, text)
        return
    kind, items = value.get("kind"), value.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        for item in items:
            yield from _flatten(item, source, text, repeated)
        return
    metadata = _mapping(value.get("metadata"))
    name = metadata.get("name") or metadata.get("generateName")
    if not isinstance(kind, str) or not kind or not name:
        yield Broken(source, "has no kind or no name", 0, text)
        return
    yield Resource(
        api_version=str(value.get("apiVersion") or ""),
        kind=kind,
        namespace=str(metadata.get("namespace") or ""),
        name=str(name),
        body=value,
        source=source,
        repeated=repeated,
    )


@dataclass(frozen=True, slots=True)
class Image:
    """The image of one container; `role` is the object's component label, else its name."""

    role: str
    title: str
    container: str
    image: str
    init: bool = False


def images(resources: Iterable[Document]) -> tuple[Image, ...]:
    """The images of all containers of all workloads, init containers included."""
    return tuple(image for item in resources if isinstance(item, Resource) for image in _of(item))


def _of(resource: Resource) -> Iterator[Image]:
    labels = resource.labels
    role = labels.get("component") or labels.get("app.kubernetes.io/component") or resource.name
    spec = _pod_spec(resource)
    for field_name, init in (("initContainers", True), ("containers", False)):
        containers = spec.get(field_name)
        for container in containers if isinstance(containers, list) else ():
            image = _mapping(container).get("image")
            if image:
                name = str(container.get("name", ""))
                yield Image(str(role), resource.title, name, str(image), init)


def _pod_spec(resource: Resource) -> Mapping[str, Any]:
    spec = _mapping(resource.body.get("spec"))
    if resource.kind == "Pod":
        return spec
    if resource.kind == "CronJob":
        spec = _mapping(_mapping(spec.get("jobTemplate")).get("spec"))
    return _mapping(_mapping(spec.get("template")).get("spec"))


def singleuser_image(values: Mapping[str, Any]) -> str:
    """The default image of user servers from the hub chart's computed values; "" when unknown."""
    image = _mapping(_mapping(values.get("singleuser")).get("image"))
    name, tag = image.get("name"), image.get("tag")
    if not name:
        return ""
    return f"{name}:{tag}" if tag not in (None, "") else str(name)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
