"""Whatever is wrong when hubtui starts: the screen says so in a sentence, and the keys work."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from textual.pilot import Pilot

from hubtui.services import opening
from hubtui.tui import connecting
from hubtui.tui.app import HubtuiApp
from hubtui.tui.screens.picker import PickerScreen
from tests.headless import cluster
from tests.headless.apiserver import ApiServer
from tests.testbed.faults import FaultProxy, Match
from tests.tui.prepared import running, shown, text, until
from tests.tui.tables import screen_lines

SIZE = (160, 44)
UP = "proxy-5c4"
"""A pod that is on the screen as soon as there is a hub."""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again soon; what is said and what is done does not depend on it."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr(connecting, "RETRY_FIRST", 0.05)
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "UTF-8")


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """A cluster with a hub."""
    api = ApiServer(cluster.hub())
    server = api.start()
    yield api
    server.shutdown()
    server.server_close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "kubeconfig"


async def says(pilot: Pilot[Any], *words: str) -> None:
    """Waits until the screen says all of it."""
    await until(pilot, lambda: all(word in text(pilot) for word in words), str(words))


def put(config: Path, text: str) -> None:
    config.write_text(text)


def write(config: Path, user: dict[str, Any], server: str = NOWHERE) -> Path:
    document = yaml.safe_load(ApiServer(url=server).kubeconfig())
    document["users"][0]["user"] = user
    config.write_text(yaml.safe_dump(document))
    return config


@pytest.mark.parametrize("size", [SIZE, (80, 24), (40, 10)])
async def test_without_a_kubeconfig_it_says_what_would_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "k"))
    async with running("", size) as pilot:
        await says(pilot, "No kubeconfig found", "Pass --kubeconfig FILE")
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickerScreen))
        await says(pilot, "No kubeconfig found")
        await pilot.press("escape")
        await says(pilot, "Pass --kubeconfig FILE")


async def test_a_kubeconfig_that_comes_later_is_read_on_a_key(
    api: ApiServer, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(config))
    async with running("") as pilot:
        await says(pilot, "No kubeconfig found", "ctrl+r tries again")
        put(config, api.kubeconfig())
        await pilot.press("ctrl+r")
        await shown(pilot, UP)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("contexts: [", "cannot be read"),
        ("no mapping", "is empty or no mapping"),
        ("contexts: 7", "No kubeconfig found"),
    ],
)
async def test_a_broken_kubeconfig_is_named(config: Path, broken: str, words: str) -> None:
    put(config, broken)
    async with running(config) as pilot:
        await says(pilot, words)


async def test_an_unknown_context_names_those_there_are(api: ApiServer, config: Path) -> None:
    put(config, api.kubeconfig())
    async with running(config, context="prod") as pilot:
        await says(pilot, "There is no context 'prod'", "Contexts there are: test.")
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickerScreen))
        await shown(pilot, "jupyterhub-4.4.0")


async def test_an_expired_token_is_said_and_a_new_one_is_picked_up(
    api: ApiServer, config: Path
) -> None:
    api.token = "fresh"
    write(config, {"token": "expired"}, api.url)
    async with running(config) as pilot:
        await says(pilot, "does not accept these credentials (401)", "Log in again")
        write(config, {"token": "fresh"}, api.url)
        await shown(pilot, UP)


def plugin(tmp_path: Path, script: str) -> dict[str, Any]:
    path = tmp_path / "plugin.py"
    path.write_text(script)
    entry = {"apiVersion": "client.authentication.k8s.io/v1", "args": [str(path)]}
    return {"exec": {**entry, "command": sys.executable, "installHint": "Run `cloud login`."}}


@pytest.mark.parametrize("script", ["input('Password: ')", "open('/dev/tty').readline()"])
async def test_a_plugin_that_prompts_cannot_hang_the_screen(
    api: ApiServer, config: Path, tmp_path: Path, script: str
) -> None:
    write(config, plugin(tmp_path, script), api.url)
    async with running(config) as pilot:
        await says(pilot, "gave no credentials: it ended with 1", "Run `cloud login`.")


async def test_a_plugin_that_waits_for_somebody_is_said_and_can_be_left(
    api: ApiServer, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.2)
    write(config, plugin(tmp_path, "import time; time.sleep(3600)"), api.url)
    async with running(config) as pilot:
        await says(pilot, "has not answered for 0.2 s", "credential plugin")
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickerScreen))


async def test_an_unreachable_server_is_said_and_can_be_left(config: Path) -> None:
    async with running(write(config, {"token": "t"})) as pilot:
        await says(pilot, f"{NOWHERE} does not answer", "Check the VPN", "ctrl+r tries now")
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickerScreen))
        await says(pilot, "does not answer")


async def test_a_server_that_is_down_is_tried_until_it_is_there(
    api: ApiServer, config: Path
) -> None:
    async with FaultProxy(api.url, tls=False) as proxy:
        down = proxy.drop(Match())
        async with running(write(config, {"token": "anyone"}, proxy.url)) as pilot:
            await says(pilot, f"{proxy.url} does not answer")
            await until(pilot, lambda: len(down.hits) > 2)
            down.clear()
            await shown(pilot, UP)


async def test_a_server_that_takes_connections_and_says_nothing_is_told(
    api: ApiServer, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opening.PATIENCE < 5  # an unreachable server is said within 5 s
    monkeypatch.setattr(opening, "PATIENCE", 0.2)
    async with FaultProxy(api.url, tls=False) as proxy:
        silent = proxy.hang(Match())
        write(config, {"token": "anyone"}, proxy.url)
        async with running(config) as pilot:
            await says(pilot, f"{proxy.url} has not answered", "H chooses another hub")
            await pilot.press("H")
            await until(pilot, lambda: isinstance(pilot.app.screen, PickerScreen))
            await pilot.press("escape")
            silent.clear()
            await shown(pilot, UP)


@pytest.mark.parametrize("code", [429, 500, 503])
async def test_a_server_that_starts_up_is_tried_again(
    api: ApiServer, config: Path, code: int
) -> None:
    async with FaultProxy(api.url, tls=False) as proxy:
        fault = proxy.answer(Match("deployments"), code)
        write(config, {"token": "anyone"}, proxy.url)
        async with running(config) as pilot:
            await says(pilot, "list deployments.apps", "ctrl+r tries now")
            fault.clear()
            await shown(pilot, UP)


async def test_a_namespace_that_does_not_exist_is_said(api: ApiServer, config: Path) -> None:
    put(config, api.kubeconfig())
    async with running(config, namespace="nope") as pilot:
        await says(pilot, "There is no namespace nope in context test", "Check --namespace.")


async def test_no_hub_says_where_was_looked(api: ApiServer, config: Path) -> None:
    api.objects = [cluster.hub()[0]]
    put(config, api.kubeconfig())
    async with running(config) as pilot:
        await says(
            pilot, "No hub found", "app=jupyterhub,component=hub in namespace hub; all namespaces"
        )


async def test_without_the_right_to_list_secrets_the_pods_work(
    api: ApiServer, config: Path
) -> None:
    api.denied = {"secrets"}
    put(config, api.kubeconfig())
    async with running(config) as pilot:
        await says(pilot, "no right to list secrets in namespace hub", "Pods work without it.")
        await says(pilot, "continuous-image-puller", "1 ImagePullBackOff")


async def test_nobody_gets_a_sentence(api: ApiServer, config: Path) -> None:
    api.denied = {"secrets", "pods", "deployments", "namespaces"}
    put(config, api.kubeconfig())
    async with running(config) as pilot:
        await says(
            pilot,
            "No hub can be looked for: no right to list deployments.apps in namespace hub",
            "Ask for that right",
        )


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (10, 3)])
async def test_a_small_terminal_shows_one_pane_and_takes_all_keys(
    api: ApiServer, config: Path, size: tuple[int, int]
) -> None:
    put(config, api.kubeconfig())
    async with running(config, size) as pilot:
        app = pilot.app
        assert isinstance(app, HubtuiApp)
        await until(pilot, lambda: app.session is not None and app.session.pods.count)
        for key in ("2", "down", "enter", "escape", "l", "escape", "1", "d", "escape", "?"):
            await pilot.press(key)
        await pilot.press("escape", "z", "0", "slash", "x", "escape", "H", "escape", "tab")
        if size == (40, 10):
            await pilot.press("1")
            await shown(pilot, "deployed")
        assert all(len(line) <= size[0] for line in screen_lines(app))


async def test_a_locale_without_utf_8_gets_ascii(
    api: ApiServer, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "ANSI_X3.4-1968")
    put(config, api.kubeconfig())
    async with running(config) as pilot:
        await shown(pilot, UP)
        await says(pilot, "deployed")
        beyond = {sign for sign in text(pilot) if not sign.isascii()}
        assert beyond == set()


async def test_names_and_logs_from_outside_are_text(api: ApiServer, config: Path) -> None:
    """Markup, terminal codes, the clipboard's OSC 52 and bidi marks are shown, never obeyed."""
    user = "[red]x[/] [/nothing] \u202egnp.exe \x1b[31m"
    api.objects.append(cluster.pod("jupyter-mark", "singleuser-server", user=user))
    api.logs["jupyter-mark"] = (
        b"\x1b]52;c;cm0gLXJmIC8=\x07 \x1b[2J[bold]markup[/]\n\xff\xfe invalid\n" + b"x" * 300_000
    )
    put(config, api.kubeconfig())
    async with running(config) as pilot:
        await shown(pilot, "users")
        await pilot.press("2", "slash", *"user:gnp", "enter")
        await shown(pilot, r"[red]x[/] [/nothing]")
        await pilot.press("down", "l")
        await shown(pilot, r"\x1b]52;c;cm0gLXJmIC8=\x07 \x1b[2J[bold]markup[/]")
        await shown(pilot, r"\xff\xfe invalid")
        await pilot.press("end", "up", "up", "escape", "enter")
        await says(pilot, "jupyter-mark", r"[red]x[/] [/nothing] \u202egnp.exe \x1b[31m")
        assert "\x1b" not in text(pilot)


async def test_what_was_asked_of_another_hub_is_dropped(
    api: ApiServer, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payload that is on its way when another hub is chosen reaches no screen, and no task."""
    other = ApiServer(cluster.hub())
    for thing in other.objects:
        thing["metadata"]["name"] = thing["metadata"]["name"].replace("proxy-5c4", "proxy-other")
    server = other.start()
    async with FaultProxy(api.url, tls=False) as proxy:
        late = proxy.delay(Match("/secrets/sh.helm"), 0.5)
        document = yaml.safe_load(ApiServer(url=proxy.url).kubeconfig())
        second = yaml.safe_load(other.kubeconfig().replace("test", "other"))
        for section in ("clusters", "users", "contexts"):
            document[section] += second[section]
        put(config, yaml.safe_dump(document))
        async with running(config) as pilot:
            app = pilot.app
            assert isinstance(app, HubtuiApp)
            await shown(pilot, UP)
            await proxy.wait_for_request(Match("/secrets/sh.helm"))
            before = app.session
            await pilot.press("H")
            await shown(pilot, "other")
            await until(pilot, lambda: text(pilot).count("jupyterhub-4.4.0") >= 2)
            await pilot.press("end", "enter")
            await shown(pilot, "proxy-other")
            assert late.hits
            assert before is not None
            assert app.session is not before
            assert before.releases.heads("hub")  # it knew them, and yet nothing was added
            await until(pilot, lambda: "2 ● deployed" in text(pilot))
            assert UP not in text(pilot)
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert not names & {"closing"}
    server.shutdown()
    server.server_close()
