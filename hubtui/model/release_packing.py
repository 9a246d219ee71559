"""How Helm packs a release into its storage object, and how it is unpacked.

It is JSON, gzipped, in base64 (helm 3 and 4, `pkg/storage/driver/util.go`).
"""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import Final

from hubtui.errors import DecodeError

UNREADABLE: Final = "This revision cannot be shown, compared or rolled back to."
"""What it means when a stored release cannot be decoded."""

MAX_JSON: Final = 64 * 1024 * 1024
"""The largest release in bytes that is unpacked; Kubernetes stores 1 MiB, packed."""

_GZIP: Final = b"\x1f\x8b"
_LEVEL: Final = 9
"""Of gzip, as Helm packs."""


def pack(document: bytes, *, secret: bool) -> str:
    """A release's JSON as the API holds it: of a Secret in one more base64 than of a ConfigMap."""
    packed = base64.b64encode(gzip.compress(document, _LEVEL, mtime=0))
    return (base64.b64encode(packed) if secret else packed).decode()


def unpack(data: str | bytes) -> bytes:
    """The JSON document inside `data`, of a Secret or a ConfigMap. Raises DecodeError."""
    packed = data.encode() if isinstance(data, str) else data
    if not packed.strip():
        raise DecodeError("The stored release is empty", meaning=UNREADABLE)
    for _ in range(2):
        packed = _unbase64(packed)
        if packed.startswith(_GZIP):
            return _gunzip(packed)
        if packed.lstrip().startswith(b"{"):
            return packed
    raise DecodeError(
        "The stored release is neither gzip nor JSON inside its base64", meaning=UNREADABLE
    )


def _unbase64(data: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error as error:
        raise DecodeError(
            "The stored release is not whole base64: it was cut off or changed by hand",
            meaning=UNREADABLE,
        ) from error


def _gunzip(data: bytes) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        document = unzip.decompress(data, MAX_JSON + 1)
    except zlib.error as error:
        raise DecodeError(
            "The stored release is not whole gzip: it was changed or damaged", meaning=UNREADABLE
        ) from error
    if len(document) > MAX_JSON:
        raise DecodeError(
            f"The stored release unpacks to more than {MAX_JSON // 2**20} MiB", meaning=UNREADABLE
        )
    if not unzip.eof:
        raise DecodeError("The stored release is cut off in its gzip part", meaning=UNREADABLE)
    return document
