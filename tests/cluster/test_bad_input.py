"""hubtui with rights, credentials and connections that do not suffice.

Where somebody has less than every right, it is on the real control plane only: the demo has no
roles.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.tui import connecting
from hubtui.tui.screens.picker import PickerScreen
from tests.cluster.clusters import Cluster
from tests.cluster.opened import until
from tests.testbed.faults import FaultProxy, Match
from tests.tui.prepared import running, text
from tests.tui.tables import screen_lines


@pytest.fixture(autouse=True)
def own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal of the test's own, a terminal that can show every sign, tries that follow soon."""
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "UTF-8")
    monkeypatch.setattr(connecting, "RETRY_FIRST", 0.05)


async def says(pilot: Pilot[Any], *words: str) -> None:
    await until(lambda: all(word in text(pilot) for word in words), f"{words}")


async def picks(pilot: Pilot[Any]) -> None:
    """`H` opens the picker, whatever else is going on."""
    await pilot.press("H")
    await until(lambda: isinstance(pilot.app.screen, PickerScreen), "the picker")


async def test_without_the_right_to_secrets_pods_work(nosecrets: Path) -> None:
    async with running(nosecrets) as pilot:
        await says(pilot, "no right to list secrets in namespace hub", "Pods work without it.")
        await says(pilot, "continuous-image-puller", "users")


async def test_nobody_is_told_which_right_is_missing(nobody: Path) -> None:
    async with running(nobody) as pilot:
        await says(pilot, "no right to list deployments.apps in namespace hub")
        await picks(pilot)


async def test_a_token_that_is_not_accepted(cluster: Cluster) -> None:
    async with running(cluster.kubeconfig_invalid()) as pilot:
        await says(pilot, "does not accept these credentials (401)", "Log in again")


async def test_a_namespace_that_does_not_exist(cluster: Cluster) -> None:
    async with running(cluster.kubeconfig, namespace="nowhere") as pilot:
        await says(pilot, "There is no namespace nowhere in context", "Check --namespace.")
        await picks(pilot)
        await says(pilot, "jupyterhub-4.4.0")


async def test_an_exec_plugin_that_asks_for_a_password(cluster: Cluster) -> None:
    entry = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": ["-c", "input('Password: ')"],
        "interactiveMode": "IfAvailable",
    }
    async with running(cluster.kubeconfig_with("prompting", {"exec": entry})) as pilot:
        await says(pilot, "gave no credentials: it ended with 1", "EOFError")


async def test_an_exec_plugin_that_gives_a_token(cluster: Cluster) -> None:
    answer = json.dumps(
        {"kind": "ExecCredential", "status": {"token": cluster.token("readonly-admin")}}
    )
    entry = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": ["-c", f"print({answer!r})"],
    }
    async with running(cluster.kubeconfig_with("plugin", {"exec": entry})) as pilot:
        await says(pilot, "continuous-image-puller", "deployed")


async def test_a_connection_that_is_lost_and_comes_back(proxy: FaultProxy, reader: Path) -> None:
    """The rows stay, the frame says how old they are, and then it is live again."""
    async with running(proxy.kubeconfig_from(reader)) as pilot:
        await says(pilot, "continuous-image-puller", "deployed", "live")
        proxy.drop(Match())
        proxy.cut_watch(Match(watch=True), times=None)
        await says(pilot, "stale", "continuous-image-puller", "deployed")
        await picks(pilot)
        await pilot.press("escape")
        proxy.clear()
        await pilot.press("ctrl+r")
        await until(lambda: "stale" not in text(pilot) and "live" in text(pilot), "live")


async def test_a_small_terminal(reader: Path) -> None:
    async with running(reader, (40, 10)) as pilot:
        await says(pilot, "deployed")
        await pilot.press("2")
        await says(pilot, "hub")
        for key in ("enter", "escape", "l", "escape", "?", "escape", "1", "enter", "escape"):
            await pilot.press(key)
        await says(pilot, "deployed")
        assert all(len(line) <= 40 for line in screen_lines(pilot.app))


async def test_no_task_outlives_the_app(reader: Path) -> None:
    before = asyncio.all_tasks()
    async with running(reader) as pilot:
        await says(pilot, "deployed")
    left = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not {name for name in left if name.startswith(("payloads", "heartbeat", "connecting"))}
