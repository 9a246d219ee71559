"""GET of one object and of lists, page by page, each page as of the first one's version."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import msgspec

from hubtui.demo.api import selectors
from hubtui.demo.api.asked import Target, number
from hubtui.demo.api.shapes import Shape
from hubtui.demo.refusals import RefusedError, bad_request
from hubtui.demo.resources import Resource
from hubtui.demo.storage import Json, Storage, key_of


class _Continue(msgspec.Struct):
    version: int
    after: tuple[str, str]


def selected(target: Target, query: Mapping[str, str]) -> selectors.Match:
    """What the selectors of a request let through. Raises RefusedError (400)."""
    by_label = selectors.labels(query.get("labelSelector", ""))
    by_field = selectors.fields(query.get("fieldSelector", ""), target.resource)
    namespace, name = target.namespace, target.name

    def match(thing: Json) -> bool:
        metadata = thing["metadata"]
        return (
            (not namespace or metadata.get("namespace") == namespace)
            and (not name or metadata["name"] == name)
            and by_label(thing)
            and by_field(thing)
        )

    return match


def list_page(storage: Storage, target: Target, query: Mapping[str, str], shape: Shape) -> Json:
    """One page of a list. Raises RefusedError: 400, 410."""
    match = selected(target, query)
    limit = number(query, "limit") or 0
    resume = _decode(query["continue"]) if query.get("continue") else None
    version = resume.version if resume else storage.version
    found = [each for each in as_of(storage, target.resource, version) if match(each)]
    if resume:
        found = [each for each in found if key_of(each) > resume.after]
    metadata: Json = {"resourceVersion": str(version)}
    if limit and len(found) > limit:
        rest, found = len(found) - limit, found[:limit]
        metadata["continue"] = _encode(_Continue(version, key_of(found[-1])))
        if not (query.get("labelSelector") or query.get("fieldSelector")):
            metadata["remainingItemCount"] = rest
    return shape.list(target.resource.kind, target.resource.api_version, metadata, found)


def as_of(storage: Storage, resource: Resource, version: int) -> list[Json]:
    """The objects at a version that is not long ago, in order. Raises RefusedError (410)."""
    if version >= storage.version:
        return storage.all(resource)
    try:
        changes = [each for each in storage.since(version) if each.resource == resource]
    except RefusedError as error:
        raise RefusedError(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You "
            "can start a new list without the continue parameter, or use the continue token in "
            "this response to retrieve the remainder of the results.",
        ) from error
    found = {key_of(each): each for each in storage.all(resource)}
    for change in reversed(changes):
        key = key_of(change.object)
        if change.before is None:
            found.pop(key, None)
        else:
            found[key] = change.before
    return [found[key] for key in sorted(found)]


def _encode(token: _Continue) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def _decode(token: str) -> _Continue:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return msgspec.json.decode(raw, type=_Continue)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise bad_request("continue key is not valid: it cannot be decoded") from error
