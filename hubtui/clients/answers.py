"""The apiserver's answers: pages, objects, and errors in an operator's words."""

from __future__ import annotations

import re
from typing import Any, Generic, TypeVar

import msgspec

from hubtui.clients.gate import Call
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    GoneError,
    HubtuiError,
    NotFoundError,
    UnreachableError,
)
from hubtui.model import kube
from hubtui.model.kinds import Kind
from hubtui.model.text import one_line, safe_json

T = TypeVar("T", bound=kube.Object)
S = TypeVar("S")


UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON of the struct."""

_REFUSED = 429

_CONTINUE = re.compile(rb'"continue":"([^"\\]*)"')


class Page(Generic[T]):
    """One page of a list."""

    __slots__ = ("continue_", "items", "resource_version")

    def __init__(self, items: tuple[T, ...], resource_version: str, continue_: str) -> None:
        self.items = items
        self.resource_version = resource_version
        self.continue_ = continue_


def decode(body: bytes, struct: type[S]) -> S:
    """One object. Raises DecodeError."""
    try:
        return msgspec.json.decode(body, type=struct)
    except UNREADABLE as error:
        raise DecodeError(f"The server's answer cannot be read: {error}") from error


def decode_page(body: bytes, kind: Kind[T]) -> Page[T]:
    """One page of a list. Raises DecodeError."""
    try:
        page = _page_decoder(kind.struct).decode(body)
    except UNREADABLE as error:
        raise DecodeError(f"A list of {kind.plural} cannot be read: {error}") from error
    meta = page.metadata
    # An empty list is null where the server has no slice (Go's encoding/json).
    return Page(page.items or (), meta.resource_version, meta.continue_)


_decoders: dict[type[kube.Object], msgspec.json.Decoder[Any]] = {}


def _page_decoder(struct: type[T]) -> msgspec.json.Decoder[Any]:
    if struct not in _decoders:
        items = tuple[struct, ...] | None  # type: ignore[valid-type]
        page = msgspec.defstruct(
            "ListPage", [("metadata", kube.ListMeta), ("items", items, None)], gc=False
        )
        _decoders[struct] = msgspec.json.Decoder(page)
    return _decoders[struct]


def continue_token(body: bytes) -> str:
    """The continue token, from the list's head: the server writes its metadata before the items."""
    found = _CONTINUE.search(body, 0, 8192)
    return found.group(1).decode() if found else ""


def error_of(status: int, body: bytes, call: Call) -> HubtuiError:
    try:
        told = msgspec.json.decode(safe_json(body), type=kube.Status)
        message = told.message if status != _REFUSED else _with_causes(told)
    except UNREADABLE:
        message = body[:200].decode(errors="replace")
    message = one_line(message) or f"HTTP {status}"
    if status == 401:
        return DeniedError(
            "The cluster does not accept these credentials (401)",
            status=401,
            verb=call.verb,
            resource=call.resource,
            remedy="Log in again: the new credentials are used at the next try.",
        )
    if status == 403:
        return DeniedError(
            f"no right to {call}", status=403, verb=call.verb, resource=call.resource
        )
    if status == 404:
        return NotFoundError(message, status=404)
    if status == 410:
        return GoneError(message, status=410)
    return ApiError(f"{call}: {message}", status=status)


def _with_causes(told: kube.Status) -> str:
    """What a refused eviction names in its causes alone: the disruption budget."""
    causes = (told.details.causes if told.details is not None else ()) or ()
    return " ".join([told.message, *(f"{each.message}." for each in causes if each.message)])


def unreachable(server: str, error: BaseException) -> UnreachableError:
    words = one_line(str(error)) or type(error).__name__
    if isinstance(error, TimeoutError):
        words = "no answer in time"
    return UnreachableError(
        f"{server or 'the cluster'} does not answer: {words}",
        remedy="Check the VPN and the kubeconfig's server.",
    )
