"""A revision's storage object with another status, as Helm itself writes one; and as it is kept.

Helm reads the status twice: `helm upgrade` refuses by the one inside the payload (`info.status`,
pkg/action/upgrade.go), and finds the deployed revision by the label (pkg/storage/driver). So both
change, and nothing else does: what is not `info` is copied byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from hubtui.errors import DecodeError
from hubtui.model.release import Status
from hubtui.model.release_packing import pack, unpack

Json = dict[str, Any]

_DATA: Final = "release"
_BY_SERVER: Final = frozenset(
    {"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"}
)
"""Metadata that the server writes: with them an object cannot be put back."""
_Parts = dict[str, msgspec.Raw]


def with_status(thing: Mapping[str, Any], status: Status, description: str, at: datetime) -> Json:
    """A revision's Secret or ConfigMap with another status and description, given at `at`.

    As Helm's own update does, `modifiedAt` takes the place of `createdAt`. Raises DecodeError when
    the payload cannot be read.
    """
    metadata = thing.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), "status": status.value}
    labels.pop("createdAt", None)
    labels["modifiedAt"] = str(int(at.timestamp()))
    data = thing.get("data") or {}
    document = _with_info(unpack(str(data.get(_DATA, ""))), status, description)
    packed = pack(document, secret=thing.get("kind") != "ConfigMap")
    return {
        **thing,
        "metadata": {**metadata, "labels": labels},
        "data": {**data, _DATA: packed},
    }


def to_keep(thing: Mapping[str, Any]) -> str:
    """A storage object as JSON that `kubectl replace` and `kubectl apply` can put back."""
    metadata = thing.get("metadata") or {}
    kept = {key: value for key, value in metadata.items() if key not in _BY_SERVER}
    document = msgspec.json.encode({**thing, "metadata": kept})
    return msgspec.json.format(document, indent=2).decode()


def _with_info(document: bytes, status: Status, description: str) -> bytes:
    try:
        release = msgspec.json.decode(document, type=_Parts)
        info = msgspec.json.decode(release.get("info", msgspec.Raw(b"{}")), type=_Parts)
    except msgspec.DecodeError as error:
        raise DecodeError(
            f"The stored release is not readable JSON: {error}",
            meaning="Its status cannot be changed.",
        ) from error
    info["status"] = msgspec.Raw(msgspec.json.encode(status.value))
    info["description"] = msgspec.Raw(msgspec.json.encode(description))
    release["info"] = msgspec.Raw(msgspec.json.encode(info))
    return msgspec.json.encode(release)
