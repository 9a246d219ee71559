"""Another status in a revision's storage object: what helm reads changes, all else stays."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hubtui.errors import DecodeError
from hubtui.model.release import Status, decode_payload
from hubtui.model.release_packing import pack, unpack
from hubtui.model.release_storage import to_keep, with_status

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
DOCUMENT = (
    b'{"name":"hub","info":{"first_deployed":"2026-11-01T10:00:00Z","deleted":"",'
    b'"description":"Preparing upgrade","status":"pending-upgrade","notes":"a \\u003cb\\u003e"},'
    b'"chart":{"metadata":{"name":"jupyterhub"},"values":{"n":1.50,"big":123456789012345678901,'
    b'"e":1e3,"status":"pending-upgrade"}},"config":{"s":"\\u0026 \\u2028"},"version":4}'
)
LABELS = {"owner": "helm", "name": "hub", "version": "4", "status": "pending-upgrade"} | {
    "createdAt": "1795000000",
    "team": "ops",
}


def stored(kind: str = "Secret", document: bytes = DOCUMENT, **metadata: Any) -> dict[str, Any]:
    """As the API gives it."""
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "sh.helm.release.v1.hub.v4", "labels": LABELS, **metadata},
        "type": "helm.sh/release.v1",
        "data": {"release": pack(document, secret=kind == "Secret")},
    }


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_status_and_description_change_and_every_other_byte_stays(kind: str) -> None:
    changed = with_status(stored(kind), Status.FAILED, "Marked as failed", NOW)
    expected = DOCUMENT.replace(
        b'"description":"Preparing upgrade","status":"pending-upgrade"',
        b'"description":"Marked as failed","status":"failed"',
    )
    assert unpack(changed["data"]["release"]) == expected
    payload = decode_payload(changed["data"]["release"])
    assert (payload.status, payload.description) == (Status.FAILED, "Marked as failed")


def test_the_labels_are_those_of_helms_own_update() -> None:
    before = stored(resourceVersion="77", uid="u")
    changed = with_status(before, Status.FAILED, "Marked", NOW)
    assert changed["metadata"]["labels"] == {
        "owner": "helm",
        "name": "hub",
        "version": "4",
        "status": "failed",
        "modifiedAt": str(int(NOW.timestamp())),
        "team": "ops",
    }
    assert changed["metadata"]["resourceVersion"] == "77"
    assert before["metadata"]["labels"]["status"] == "pending-upgrade"


def test_a_secret_is_packed_as_helm_packs_it() -> None:
    helms = base64.b64decode(base64.b64decode(pack(DOCUMENT, secret=True)))
    assert helms[:3] == b"\x1f\x8b\x08"
    assert gzip.decompress(helms) == DOCUMENT
    assert base64.b64decode(pack(DOCUMENT, secret=False)) == helms


@pytest.mark.parametrize(
    "document",
    [b'{"info": "not an object"}', b'{"info": {"status": ', b'{"info": {}, "name": }'],
)
def test_what_cannot_be_read_is_not_written(document: bytes) -> None:
    with pytest.raises(DecodeError, match="not readable JSON"):
        with_status(stored(document=document), Status.FAILED, "Marked", NOW)
    with pytest.raises(DecodeError, match="empty"):
        with_status({"metadata": {}}, Status.FAILED, "Marked", NOW)


def test_what_is_kept_can_be_put_back() -> None:
    by_server: dict[str, Any] = {
        "uid": "u",
        "resourceVersion": "7",
        "managedFields": [{}],
        "generation": 1,
    }
    thing = stored(**by_server, creationTimestamp="2026-11-23T14:00:00Z", annotations={"a": "b"})
    kept = json.loads(to_keep(thing))
    assert kept["metadata"] == {
        "name": "sh.helm.release.v1.hub.v4",
        "labels": thing["metadata"]["labels"],
        "annotations": {"a": "b"},
    }
    assert {key: kept[key] for key in ("apiVersion", "kind", "type", "data")} == {
        key: thing[key] for key in ("apiVersion", "kind", "type", "data")
    }
