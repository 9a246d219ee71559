"""Drift: a revision against the live cluster, object by object.

Each object is read with a GET and compared with what an apply of the revision would leave of it.
Where the two differ, and the gate and the rights allow it, the server is asked with a dry run of
that apply: its answer is believed. What cannot be read costs one row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    NotFoundError,
    ReadOnlyError,
    UnreachableError,
)
from hubtui.model import kube
from hubtui.model.diff import ObjectDiff, RevisionDiff, Unread
from hubtui.model.diff_content import Content, content_steps, keyed
from hubtui.model.diff_images import image_changes
from hubtui.model.drift import LIVE, Compared, Manifested, compare_object, missing, object_diff
from hubtui.model.kinds import Kind
from hubtui.model.manifest import Broken, Document, Image, Key, Resource
from hubtui.model.merge_keys import is_known
from hubtui.model.redact import Redactor
from hubtui.model.release import Payload
from hubtui.model.three_way import Method, Object
from hubtui.services.actions.release_rights import resource_of
from hubtui.services.feeds import OBJECTS_AT_ONCE
from hubtui.services.unhurried import unhurried

log = logging.getLogger(__name__)

UNDO: Final = "Roll back to the same revision to undo it."


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of one object after it was asked for."""

    compared: Compared | None = None
    missing: Manifested | None = None
    unread: Unread | None = None


class Drift:
    """Compares the objects of one release with the cluster."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._at_once = asyncio.Semaphore(OBJECTS_AT_ONCE)
        self._kinds: dict[str, dict[str, kube.Resource]] = {}
        self._discovering: dict[str, asyncio.Lock] = {}

    async def compare(
        self, target: Payload, redactor: Redactor, last: Payload | None = None
    ) -> RevisionDiff:
        """What differs between a revision and the cluster; `last` is the revision in force, where
        another one is asked for.

        Raises UnreachableError.
        """
        redactor = redactor.knowing(target.config, *([last.config] if last else []))
        content = await unhurried(content_steps(target))
        before = content if last is None else await unhurried(content_steps(last, content))
        found: list[_Found] = []
        objects: list[ObjectDiff] = []
        unchanged: list[str] = []
        async for each in self._ask(content, before, target, last or target):
            found.append(each)
            shown = _shown(each, redactor)
            if shown is not None:
                objects.append(shown)
            elif each.compared is not None:
                unchanged.append(each.compared.each.title)
            await asyncio.sleep(0)
        chart = target.chart.label
        counted = any(each.counted for each in objects)
        return RevisionDiff(
            before=content.label,
            after=LIVE,
            chart_before=chart,
            chart_after=chart,
            images=_images(found, redactor),
            objects=tuple(objects),
            unchanged=tuple(unchanged),
            unread=tuple(each.unread for each in found if each.unread is not None),
            advice=UNDO if counted and last is None else "",
        )

    async def _ask(
        self, content: Content, before: Content, target: Payload, last: Payload
    ) -> AsyncIterator[_Found]:
        """Asks for all objects at once, and gives the answers in the manifest's order."""
        known = keyed(before)
        tasks = []
        for key, document in keyed(content).items():
            coming = self._object(key, document, known.get(key), target, last)
            tasks.append(asyncio.ensure_future(coming))
        try:
            for task in tasks:
                yield await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _object(
        self, key: Key, document: Document, old: Document | None, target: Payload, last: Payload
    ) -> _Found:
        if isinstance(document, Broken):
            return _Found(unread=Unread(document.title, document.error))
        each = Manifested(
            key=key,
            title=_title(key, document, target.namespace),
            target=document,
            last=old if isinstance(old, Resource) else None,
            method=Method(last.apply_method),
            release=target.name,
            namespace=target.namespace,
        )
        async with self._at_once:
            try:
                return await self._one(each)
            except DeniedError as error:
                return _Found(unread=Unread(each.title, error.what))
            except (ApiError, DecodeError, ReadOnlyError) as error:
                return _Found(unread=Unread(each.title, error.what))

    async def _one(self, each: Manifested) -> _Found:
        kind = await self._kind(each.target)
        if kind is None:
            reason = f"the server knows no {each.target.kind} in {each.target.api_version}"
            return _Found(unread=Unread(each.title, reason))
        where = each.key.namespace if kind.namespaced else ""
        name = each.target.name
        self._client.gate.allow_object(kind.resource, where, name)
        call = Call("get", kind.resource, where, name)
        try:
            live = _decode(await self._client.request(call, kind=kind))
        except NotFoundError:
            return _Found(missing=each)
        compared = compare_object(each, live)
        if not compared.differences:
            return _Found(compared)
        answered = await self._dry_run(each, kind, where)
        return _Found(compared if answered is None else compare_object(each, live, answered))

    async def _kind(self, item: Resource) -> Kind[kube.Object] | None:
        """Where the API keeps the objects of a kind: a rule for its own ones, discovery for all
        others; None when the server knows no such kind."""
        group, _, version = item.api_version.rpartition("/")
        if is_known(item.api_version):
            plural = resource_of(item)[0].partition(".")[0]
            namespaced = bool(item.key("any").namespace)
            return Kind(group, version, plural, item.kind, kube.Object, namespaced=namespaced)
        lock = self._discovering.setdefault(item.api_version, asyncio.Lock())
        async with lock:
            if item.api_version not in self._kinds:
                self._kinds[item.api_version] = await self._discover(item.api_version)
        found = self._kinds[item.api_version].get(item.kind)
        if found is None:
            return None
        return Kind(group, version, found.name, item.kind, kube.Object, namespaced=found.namespaced)

    async def _discover(self, api_version: str) -> dict[str, kube.Resource]:
        try:
            found = await self._client.resources(api_version)
        except NotFoundError:
            return {}
        return {each.kind: each for each in found if "/" not in each.name}

    async def _dry_run(
        self, each: Manifested, kind: Kind[kube.Object], where: str
    ) -> Object | None:
        """What the server says that the apply would come to; None when it does not say."""
        if self._client.gate.read_only or (how := _how(each)) is None:
            return None
        query = {"dryRun": "All", "fieldManager": "helm", **how[1]}
        call = Call("patch", kind.resource, where, each.target.name, query=query)
        try:
            answer = await self._client.request(
                call, kind=kind, body=each.wanted(), content_type=how[0]
            )
            return _decode(answer)
        except UnreachableError:
            raise
        except (ApiError, DecodeError, ReadOnlyError) as error:
            log.info("no dry run of %s: %s", each.title, error)
            return None


def _how(each: Manifested) -> tuple[str, dict[str, str]] | None:
    """The kind of patch that says what an apply would come to, and its query; None without one.

    On the client's side a patch of the whole manifest is the same as Helm's where nothing is
    taken away, and there is none for a kind that Helm does not know.
    """
    if each.method is Method.SERVER:
        return "application/apply-patch+yaml", {"force": "true"}
    same = each.last is not None and each.last.body == each.target.body
    if same and is_known(each.target.api_version):
        return "application/strategic-merge-patch+json", {}
    return None


def _shown(found: _Found, redactor: Redactor) -> ObjectDiff | None:
    if found.missing is not None:
        return missing(found.missing, redactor)
    return object_diff(found.compared, redactor) if found.compared is not None else None


def _images(found: Iterable[_Found], redactor: Redactor) -> tuple[Any, ...]:
    before: list[Image] = []
    after: list[Image] = []
    for each in found:
        if each.compared is not None:
            old, new = each.compared.images()
            before += old
            after += new
    return image_changes(before, after, redactor)


def _title(key: Key, item: Resource, namespace: str) -> str:
    return (
        f"{item.title} in {key.namespace}" if key.namespace not in ("", namespace) else item.title
    )


def _decode(answer: bytes) -> Object:
    found = msgspec.json.decode(answer)
    if not isinstance(found, Mapping):
        raise DecodeError("The server's answer is no object")
    return dict(found)
