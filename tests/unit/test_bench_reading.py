"""The door that makes logs up, and the release whose manifests are large."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import yaml

from hubtui.model.log_lines import stamped
from hubtui.model.release import decode_payload
from tests.bench import fake_logs, reading
from tests.scripted import Says, Scripted, kubeconfig, page, pod, serving


async def test_behind_the_door_only_logs_are_made_up(tmp_path: Path) -> None:
    server = Scripted(answers=[Says(page(pod("a")))], token="the-admins")
    async with serving(server):
        real = kubeconfig(tmp_path / "real", server.url, {"token": "the-admins"})
        async with fake_logs.door(real, tmp_path) as fake, aiohttp.ClientSession() as http:
            url = yaml.safe_load(fake.read_text())["clusters"][0]["cluster"]["server"]
            async with http.get(f"{url}/api/v1/namespaces/hub/pods?limit=5") as answer:
                assert (await answer.read()) == page(pod("a"))
            assert server.asked[-1].query == {"limit": "5"}
            asked = len(server.asked)
            async with http.get(f"{url}/api/v1/namespaces/hub/pods/a/log?follow=true") as answer:
                lines = [(await answer.content.readline()).decode() for _ in range(40)]
            assert len(server.asked) == asked
    told = [stamped(line) for line in lines]
    assert all(at for at, _ in told)
    assert [text.split()[0] for _, text in told] == [f"{number:08}" for number in range(40)]


def test_the_large_release_is_large_and_can_be_read() -> None:
    secret = reading.secret("v1", 1, "superseded")
    payload = decode_payload(secret["data"]["release"])
    assert len(payload.manifest) > reading.MANIFEST
    assert payload.name == reading.LARGE
