"""Helm's releases: what a storage object's labels say, and what its payload holds.

Helm keeps each revision in a Secret (or ConfigMap) `sh.helm.release.v1.<release>.v<N>`; its labels
suffice for a history table, its data hold the release as JSON, packed (helm 3 and 4,
`pkg/storage/driver`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from hubtui.errors import DecodeError
from hubtui.model.release_packing import UNREADABLE, unpack
from hubtui.model.text import safe_json

MAX_DEPTH = 100
"""How deeply values may be nested."""

_OBJECT_NAME = re.compile(r"sh\.helm\.release\.v1\.(?P<release>.+)\.v(?P<revision>\d+)")
_JSON_LINE_END = re.compile(rb"\\(?:r\\n|.)")


class Status(StrEnum):
    """The status of one revision, in Helm's words; a word that is new to us is UNKNOWN."""

    DEPLOYED = "deployed"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"
    UNINSTALLING = "uninstalling"
    UNINSTALLED = "uninstalled"
    UNKNOWN = "unknown"

    @property
    def pending(self) -> bool:
        """Whether Helm is at work, or was killed at work: `helm upgrade` refuses to start."""
        return self in (self.PENDING_INSTALL, self.PENDING_UPGRADE, self.PENDING_ROLLBACK)

    @classmethod
    def _missing_(cls, _value: object) -> Status:
        return cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class RevisionHead:
    """One revision as its storage object's metadata tell it, without the payload.

    `created` is when the object was made; `modified` is Helm's last change of the status, None
    when there was none. `object_name` is the Secret's or ConfigMap's name.
    """

    release: str
    revision: int
    status: Status
    namespace: str
    created: datetime | None
    modified: datetime | None
    object_name: str
    uid: str
    resource_version: str


def head_from_labels(
    labels: Mapping[str, str],
    *,
    namespace: str,
    object_name: str,
    uid: str = "",
    resource_version: str = "",
    created: datetime | None = None,
) -> RevisionHead:
    """The head of a revision from its storage object's metadata.

    Labels that are missing are taken from the object's name. Raises DecodeError when release and
    revision are in neither.
    """
    named = _OBJECT_NAME.fullmatch(object_name)
    release = labels.get("name") or (named["release"] if named else "")
    revision = labels.get("version", "") or (named["revision"] if named else "")
    if not release or not (revision.isascii() and revision.isdigit()):
        raise DecodeError(f"{object_name or 'A stored release'} does not say which revision it is")
    return RevisionHead(
        release=release,
        revision=int(revision),
        status=Status(labels.get("status", "unknown")),
        namespace=namespace,
        created=created or _unix(labels.get("createdAt", "")),
        modified=_unix(labels.get("modifiedAt", "")),
        object_name=object_name,
        uid=uid,
        resource_version=resource_version,
    )


def in_force(heads: Sequence[RevisionHead]) -> RevisionHead | None:
    """The revision that the cluster should hold: the one that is deployed, else the newest."""
    deployed = (head for head in heads if head.status is Status.DEPLOYED)
    return next(deployed, heads[0] if heads else None)


def _unix(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Dependency:
    """A sub-chart as Chart.yaml names it; `key` is where its values are in the parent's."""

    name: str
    alias: str = ""

    @property
    def key(self) -> str:
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of a revision."""

    name: str
    version: str = ""
    app_version: str = ""
    dependencies: tuple[Dependency, ...] = ()

    @property
    def label(self) -> str:
        """As `helm list` writes it: `jupyterhub-4.4.0`."""
        return f"{self.name}-{self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class HookRun:
    """The last run of a hook: `phase` is Unknown, Running, Succeeded or Failed."""

    phase: str
    started: datetime | None = None
    completed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook of a release; hooks are not in the manifest."""

    name: str
    kind: str
    path: str = ""
    manifest: str = field(default="", repr=False)
    events: tuple[str, ...] = ()
    weight: int = 0
    delete_policies: tuple[str, ...] = ()
    last_run: HookRun | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """A decoded revision.

    `config` is what the operator gave, `defaults` is what the chart ships, `schema` its JSON schema
    in base64 (of sub-charts Helm stores neither). `apply_method` is `ssa` or `csa`, empty for a
    helm 3 release. `packed` is what it was decoded from, where the chart's files are; empty for a
    rendered one. Values and manifest hold secrets in plain text and stay out of the repr.
    """

    name: str
    namespace: str
    revision: int
    status: Status
    description: str
    chart: Chart
    first_deployed: datetime | None = None
    last_deployed: datetime | None = None
    config: dict[str, Any] = field(default_factory=dict, repr=False)
    defaults: dict[str, Any] = field(default_factory=dict, repr=False)
    manifest: str = field(default="", repr=False)
    hooks: tuple[Hook, ...] = field(default=(), repr=False)
    apply_method: str = ""
    schema: str = field(default="", repr=False)
    packed: str | bytes = field(default="", repr=False)


class _Dependency(msgspec.Struct, frozen=True):
    name: str = ""
    alias: str | None = None


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    version: str | None = None
    app_version: str | None = msgspec.field(default=None, name="appVersion")
    dependencies: list[_Dependency] | None = None


class _Chart(msgspec.Struct, frozen=True):
    metadata: _Metadata
    values: dict[str, Any] | None = None
    schema: str | None = None


class _Info(msgspec.Struct, frozen=True):
    status: str = "unknown"
    description: str | None = None
    first_deployed: str | None = None
    last_deployed: str | None = None


class _Run(msgspec.Struct, frozen=True):
    started_at: str | None = None
    completed_at: str | None = None
    phase: str | None = None


class _Hook(msgspec.Struct, frozen=True):
    name: str
    kind: str = ""
    path: str | None = None
    manifest: str | None = None
    events: list[str] | None = None
    weight: int = 0
    delete_policies: list[str] | None = None
    last_run: _Run | None = None


class _Release(msgspec.Struct, frozen=True):
    name: str
    version: int
    info: _Info
    chart: _Chart
    namespace: str = ""
    config: dict[str, Any] | None = None
    manifest: str | None = None
    hooks: list[_Hook] | None = None
    apply_method: str | None = None


_DECODER = msgspec.json.Decoder(_Release)


def decode_payload(data: str | bytes, head: RevisionHead | None = None) -> Payload:
    """The revision that a storage object holds.

    `data` is `data.release` as the API gives it: of a Secret (base64 of Helm's base64) or of a
    ConfigMap (Helm's base64). With `head`, the payload must be of that release and revision.
    Raises DecodeError, in a plain sentence, for each way in which it can be broken.
    """
    release = _release(unpack(data), "stored")
    if head and (release.name, release.version) != (head.release, head.revision):
        raise DecodeError(
            f"{head.object_name} holds revision {release.version} of {release.name!r}, "
            f"not revision {head.revision} of {head.release!r}",
            meaning=UNREADABLE,
        )
    return replace(_payload(release), packed=data)


def decode_rendered(document: bytes) -> Payload:
    """The revision that helm would make, from the JSON of its dry run. Raises DecodeError."""
    return _payload(_release(document, "rendered"))


def _release(document: bytes, what: str) -> _Release:
    document = safe_json(_one_line_end(document))
    try:
        release = _DECODER.decode(document)
    except msgspec.ValidationError as error:
        raise _broken(f"The {what} release is JSON, but not of a Helm release", error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(f"The {what} release is not readable JSON", error) from error
    if _too_deep(release.config, MAX_DEPTH) or _too_deep(release.chart.values, MAX_DEPTH):
        raise DecodeError(f"The {what} release's values nest too deeply", meaning=UNREADABLE)
    return release


def _too_deep(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return left == 0 or any(_too_deep(item, left - 1) for item in value)


def _one_line_end(document: bytes) -> bytes:
    """CRLF inside JSON strings becomes LF: a chart written on Windows is still YAML."""
    if rb"\r\n" not in document:
        return document
    return _JSON_LINE_END.sub(
        lambda match: rb"\n" if match.group() == rb"\r\n" else match.group(), document
    )


def _broken(what: str, error: Exception) -> DecodeError:
    # msgspec's words name the field and the byte, never a value.
    return DecodeError(f"{what}: {error}", meaning=UNREADABLE)


def _payload(release: _Release) -> Payload:
    info, metadata = release.info, release.chart.metadata
    return Payload(
        name=release.name,
        namespace=release.namespace,
        revision=release.version,
        status=Status(info.status),
        description=info.description or "",
        chart=Chart(
            name=metadata.name,
            version=metadata.version or "",
            app_version=metadata.app_version or "",
            dependencies=tuple(
                Dependency(found.name, found.alias or "") for found in metadata.dependencies or ()
            ),
        ),
        first_deployed=_time(info.first_deployed),
        last_deployed=_time(info.last_deployed),
        config=release.config or {},
        defaults=release.chart.values or {},
        manifest=release.manifest or "",
        hooks=tuple(_hook(found) for found in release.hooks or ()),
        apply_method=release.apply_method or "",
        schema=release.chart.schema or "",
    )


def _hook(hook: _Hook) -> Hook:
    run = hook.last_run
    return Hook(
        name=hook.name,
        kind=hook.kind,
        path=hook.path or "",
        manifest=hook.manifest or "",
        events=tuple(hook.events or ()),
        weight=hook.weight,
        delete_policies=tuple(hook.delete_policies or ()),
        last_run=HookRun(run.phase, _time(run.started_at), _time(run.completed_at))
        if run and run.phase
        else None,
    )


def _time(written: str | None) -> datetime | None:
    """RFC 3339 with up to nine digits of a second; Go's zero time is no time."""
    if not written or written.startswith("0001-"):
        return None
    try:
        return msgspec.convert(written, datetime)
    except msgspec.ValidationError:
        return None
