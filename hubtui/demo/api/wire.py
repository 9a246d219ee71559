"""Reads Protocol Buffers by small tables of fields: what helm and kubectl send in that form.

Wire format: protobuf.dev/programming-guides/encoding. Field numbers: the `generated.proto` files of
k8s.io/api and k8s.io/apimachinery.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Form = Literal["text", "bytes", "number", "flag", "time", "texts", "map", "bytes map"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in JSON, and the form of its value or the fields of a message."""

    name: str
    form: Form | Mapping[int, Field] = "text"
    many: bool = field(default=False)


Message = Mapping[int, Field]


class WireError(ValueError):
    """The bytes are no message of this kind."""


def read(data: bytes, message: Message) -> dict[str, Any]:
    """A message as JSON has it; fields that are not in the table are passed over.

    Raises WireError."""
    found: dict[str, Any] = {}
    for number, raw in _fields(data):
        known = message.get(number)
        if known is None:
            continue
        if known.form in ("map", "bytes map"):
            key, value = _pair(raw)
            found.setdefault(known.name, {})[key] = (
                _base64(value) if known.form == "bytes map" else value.decode()
            )
        elif known.many or known.form == "texts":
            found.setdefault(known.name, []).append(_value(raw, known))
        else:
            found[known.name] = _value(raw, known)
    # What is not set is written as an empty text; only numbers and flags can be unset.
    return {key: value for key, value in found.items() if value not in (None, "")}


def _value(raw: bytes | int, known: Field) -> Any:
    if isinstance(known.form, Mapping):
        return read(_bytes(raw), known.form)
    if known.form == "number":
        return _signed(raw)
    if known.form == "flag":
        return bool(raw)
    if known.form == "bytes":
        return _base64(_bytes(raw))
    if known.form == "time":
        seconds = next((v for n, v in _fields(_bytes(raw)) if n == 1), None)
        if not isinstance(seconds, int):
            return None
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _bytes(raw).decode()


def _signed(raw: bytes | int) -> int:
    if not isinstance(raw, int):
        raise WireError("a number is expected")
    return raw - (1 << 64) if raw >= 1 << 63 else raw


def _bytes(raw: bytes | int) -> bytes:
    if not isinstance(raw, bytes):
        raise WireError("a text or message is expected")
    return raw


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _pair(raw: bytes | int) -> tuple[str, bytes]:
    parts = dict(_fields(_bytes(raw)))
    return _bytes(parts.get(1, b"")).decode(), _bytes(parts.get(2, b""))


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise WireError(f"wire type {kind} is not known")
        if at + size > len(data):
            raise WireError("the message is cut off")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise WireError("a number is cut off")
