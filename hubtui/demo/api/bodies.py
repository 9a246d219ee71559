"""Bodies of requests: JSON, YAML, and Kubernetes' form of Protocol Buffers."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import yaml

from hubtui.demo.api import messages, wire
from hubtui.demo.refusals import RefusedError, bad_request
from hubtui.demo.storage import Json

PROTOBUF = "application/vnd.kubernetes.protobuf"
_YAML = ("application/yaml", "application/apply-patch+yaml")


def read_object(body: bytes, content_type: str) -> Json:
    """The one object that a body holds. Raises RefusedError (400, 415)."""
    found = read(body, content_type)
    if not isinstance(found, dict):
        raise bad_request("the body of the request must be one object")
    return found


def read(body: bytes, content_type: str) -> Any:
    """What a body holds. Raises RefusedError (400, 415)."""
    kind = content_type.partition(";")[0].strip().lower()
    if body.startswith(messages.MAGIC) or kind == PROTOBUF:
        return _protobuf(body)
    try:
        if kind in _YAML and not _is_json(body):
            return yaml.load(body, Loader=_loader())  # noqa: S506
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise bad_request(f"the body of the request was in an unknown format: {error}") from error


def _is_json(body: bytes) -> bool:
    """Whether a body of YAML is JSON, as clients send it, and which is read much faster."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _protobuf(body: bytes) -> Json:
    if not body.startswith(messages.MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message")
    try:
        envelope = wire.read(body[len(messages.MAGIC) :], messages.ENVELOPE)
        kind = str(envelope.get("type", {}).get("kind", ""))
        message = messages.BY_KIND.get(kind)
        if message is None:
            raise RefusedError(
                415,
                "UnsupportedMediaType",
                f"the body of the request was in an unknown format - {kind} is accepted as "
                "application/json or application/yaml",
            )
        found = wire.read(base64.b64decode(envelope.get("raw", "")), message)
    except (wire.WireError, UnicodeDecodeError) as error:
        raise bad_request(f"the protobuf message cannot be read: {error}") from error
    kind_of: Json = envelope["type"]
    return kind_of | found
