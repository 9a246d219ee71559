"""`hubtui storage`: as the pane and as numbers, also where little may be read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command

GIB = 2**30


def claim(name: str, user: str = "", **status: Any) -> dict[str, Any]:
    notes = {"hub.jupyter.org/username": user} if user else {}
    labels = {"component": "singleuser-storage"} if user else {}
    meta = {"name": name, "namespace": "hub", "annotations": notes, "labels": labels}
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {**meta, "creationTimestamp": "2026-05-02T13:04:05Z"},
        "spec": {"storageClassName": "standard", "resources": {"requests": {"storage": "10Gi"}}},
        "status": {"phase": "Bound", "capacity": {"storage": "10Gi"}, **status},
    }


@pytest.fixture
def claims(api: ApiServer) -> ApiServer:
    """A user's claim, and the database's, which lost its volume."""
    api.objects += [claim("claim-alice", "alice"), claim("hub-db-dir", phase="Lost")]
    return api


def test_claims_with_what_is_known_of_them(hubtui: Command, claims: ApiServer) -> None:
    found = hubtui("storage", "--json").document
    database, alice = found["items"]
    assert (database["kind"], database["phase"], database["severity"]) == (
        "hub database", "Lost", "now"
    )  # fmt: skip
    assert (alice["name"], alice["user"], alice["size_bytes"]) == ("claim-alice", "alice", 10 * GIB)
    assert alice["figures"] is alice["trend"] is None
    assert "volume" in alice["unknown"]
    assert "how full volumes are" in {note["source"] for note in found["notes"]}
    text = hubtui("storage", "--filter", "user:alice").out
    assert "alice" in text
    assert "hub-db-dir" not in text


def test_one_claim_and_one_that_there_is_not(hubtui: Command, claims: ApiServer) -> None:
    found = hubtui("storage", "hub-db-dir")
    assert "✗ Lost" in found.out
    assert "The hub's database" in found.out
    missing = hubtui("storage", "nope")
    assert (missing.code, missing.out) == (1, "")
    assert "There is no claim or disk 'nope'" in missing.err


def test_what_may_not_be_read_is_told(hubtui: Command, claims: ApiServer) -> None:
    claims.denied = {"persistentvolumes"}
    found = hubtui("storage", "--json")
    assert (found.code, len(found.document["items"])) == (0, 2)
    assert "volumes" in {note["source"] for note in found.document["notes"]}
    claims.denied = {"persistentvolumeclaims"}
    found = hubtui("storage")
    assert (found.code, found.out) == (1, "")
    assert "persistentvolumeclaims" in found.err
