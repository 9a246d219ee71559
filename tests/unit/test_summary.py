"""What a kubelet's summary says of claims, however much of it is there."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from hubtui.clients import summary
from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.errors import DecodeError, UnreachableError
from hubtui.model.disk import Figures, Source

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Apiserver:
    """One that answers for a kubelet with these bytes, or never."""

    def __init__(self, body: bytes | None) -> None:
        self.body = body

    async def request(self, call: Call, **_: object) -> bytes:
        assert str(call) == "get nodes/proxy node-1"
        if self.body is None:
            await asyncio.Event().wait()
        return self.body or b""


async def read(body: bytes | None, timeout: float = 60) -> dict[str, Figures]:
    client = cast(KubeClient, Apiserver(body))
    return await summary.volumes(client, "node-1", "hub", NOW, timeout=timeout)


def pods(*volumes: dict[str, Any]) -> bytes:
    return json.dumps(
        {"node": {"cpu": {}}, "pods": [{"volume": [each]} for each in volumes]}
    ).encode()


def of(claim: str, namespace: str = "hub", **told: Any) -> dict[str, Any]:
    return {"name": "home", "pvcRef": {"name": claim, "namespace": namespace}, **told}


async def test_only_claims_of_the_namespace_are_taken() -> None:
    body = pods(of("a", usedBytes=1), of("b", "other", usedBytes=1), {"name": "config"})
    assert await read(body) == {"a": Figures(Source.KUBELET, NOW, used=1, by="node node-1")}


async def test_of_a_claim_that_several_pods_mount_the_newest_figures_count() -> None:
    at = [(NOW - timedelta(minutes=age)).isoformat() for age in (2, 1, 3)]
    found = await read(pods(*(of("a", time=each, usedBytes=n) for n, each in enumerate(at))))
    assert found["a"].used == 1
    assert found["a"].as_of == NOW - timedelta(minutes=1)


@pytest.mark.parametrize("body", [b"{}", b'{"pods": null}', b'{"pods": [{"volume": null}]}'])
async def test_a_node_without_pods_or_volumes_tells_nothing(body: bytes) -> None:
    assert await read(body) == {}


@pytest.mark.parametrize("body", [b"", b'{"pods": [', b"<html>", b'{"pods": [{"volume": 3}]}'])
async def test_an_answer_that_is_none_is_an_error_of_that_node(body: bytes) -> None:
    with pytest.raises(DecodeError):
        await read(body)


async def test_a_kubelet_that_does_not_answer_is_not_waited_for() -> None:
    with pytest.raises(UnreachableError, match="node node-1 does not answer within 0"):
        await read(None, timeout=0)
