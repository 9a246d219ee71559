"""The simulated hub answers as JupyterHub 5.5.4 and 6.1.1 did when they were asked the same.

The recordings were made of hubs from PyPI with an in-memory proxy and a spawner that starts a
socket, with users root, ana, ben, a group g1 of ana, and the service hubtui. Each line is a
request with what came back: the body itself for a refusal, else the types of its values.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo.hubs import OPERATOR, live, stage, values

RECORDINGS = Path(__file__).parent / "recordings"


@pytest.mark.parametrize("version", ["5.5.4", "6.1.1"])
async def test_the_same_questions_have_the_same_answers(version: str) -> None:
    config = values(OPERATOR, allowNamedServers=True) | {"cull": {"enabled": False}}
    made = stage(config, version)
    made.kubelet.ends = 0.5
    for name in ("root", "ana", "ben"):
        made.hub.add_user(name, admin=name == "root")
    made.hub.add_group("g1").users.append("ana")
    lines = json.loads((RECORDINGS / f"jupyterhub-{version}.json").read_text())
    async with live(made) as asking:
        for line in lines:
            assert await answer_of(asking, line) == recorded(line), line["ask"]


def recorded(line: dict[str, Any]) -> tuple[int, str, Any]:
    return line["status"], line["type"], line["answer"]


async def answer_of(asking: httpx.AsyncClient, line: dict[str, Any]) -> tuple[int, str, Any]:
    method, path = line["ask"]
    said = await asking.request(method, path, json=line["body"], headers=line["headers"])
    kind = said.headers.get("content-type", "").partition(";")[0]
    return said.status_code, kind, cut(said, line["what"])


def cut(said: httpx.Response, what: str) -> Any:
    """What a recording keeps of an answer."""
    if what == "last":
        events = [each for each in said.text.splitlines() if each.startswith("data: ")]
        return json.loads(events[-1].removeprefix("data: "))
    if what == "families":
        return families(said.text)
    try:
        body = said.json()
    except ValueError:
        return None
    return body if said.is_error or what == "body" else shape(body)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


def families(text: str) -> list[str]:
    """The families with their types, without Python's own, and the labels of all outcomes."""
    lines = text.splitlines()
    types = {each[7:] for each in lines if each.startswith("# TYPE")}
    kept = {each for each in types if "_created" not in each and "python_gc" not in each}
    counts = (each.rpartition(" ")[0] for each in lines if each.startswith("jupyterhub_"))
    spawns = "jupyterhub_server_spawn_duration_seconds_count"
    outcomes = {each for each in counts if each.startswith(spawns) or "_count{status" in each}
    return sorted(kept) + sorted(outcomes)
