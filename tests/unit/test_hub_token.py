"""Where the hub's token comes from, and what is said where there is none."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from hubtui.clients import hub_token
from hubtui.clients.kube import KubeClient
from hubtui.config import HubApi
from hubtui.errors import ConfigError, DeniedError, HubtuiError, NotFoundError, ToolError
from hubtui.model import kube

KEY, VARIABLE = hub_token.SERVICE_KEY, hub_token.VARIABLE
TOKEN = "a-token-that-is-shown-nowhere"


@dataclass
class Secrets:
    """A fake of the one request that is made: the Secrets by name, or why they cannot be read."""

    found: dict[str, dict[str, bytes] | HubtuiError] = field(default_factory=dict)

    async def get(self, _kind: object, namespace: str, name: str) -> kube.Secret:
        assert namespace == "hub"
        data = self.found.get(name, NotFoundError(f"secrets {name} not found", status=404))
        if isinstance(data, HubtuiError):
            raise data
        return kube.Secret(data={k: base64.b64encode(v).decode() for k, v in data.items()})


async def read(
    settings: HubApi, secrets: Secrets, *names: str, **environ: str
) -> hub_token.HubToken:
    client = cast(KubeClient, secrets)
    return await hub_token.read(settings, client, "hub", names or ("hub",), environ)


async def test_the_first_source_that_is_named_counts(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    all_three = HubApi(token_file=str(file), token_command="echo by-command")
    secrets = Secrets({"hub": {KEY: b"of-the-release"}})
    found = await read(all_three, secrets, **{VARIABLE: "by-variable"})
    assert (found.value, found.source) == ("by-variable", VARIABLE)
    found = await read(all_three, secrets)
    assert (found.value, found.source) == (TOKEN, str(file))
    found = await read(HubApi(token_command="echo by-command"), secrets)
    assert (found.value, found.source) == ("by-command", "hub.token_command")
    found = await read(HubApi(), secrets, **{VARIABLE: ""})
    assert (found.value, found.source) == ("of-the-release", "Secret hub")
    assert "of-the-release" not in repr(found)


async def test_the_keys_of_an_existing_secret_win() -> None:
    both = Secrets({"own": {KEY: b"of-its-own"}, "hub": {KEY: b"of-the-release"}})
    assert (await read(HubApi(), both, "own", "hub")).source == "Secret own"
    without = Secrets({"own": {"other": b"x"}, "hub": {KEY: b"of-the-release"}})
    assert (await read(HubApi(), without, "own", "hub")).source == "Secret hub"


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        (Secrets({"hub": {}}), "Secret hub has no key hub.services.hubtui.apiToken"),
        (Secrets({"hub": {KEY: b""}}), "has no key"),
        (Secrets({"hub": {KEY: b"\xff\xfe"}}), "holds no token"),
        (Secrets({"hub": {KEY: f"{TOKEN}\nand more".encode()}}), "holds more than a token"),
        (Secrets({"hub": DeniedError("no right to get secrets")}), "no right to get secrets"),
        (Secrets(), "cannot be read"),
    ],
    ids=["no key", "empty", "no text", "two lines", "denied", "gone"],
)
async def test_without_a_token_it_is_said_where_one_was_looked_for(
    secrets: Secrets, words: str
) -> None:
    with pytest.raises(ConfigError) as told:
        await read(HubApi(), secrets)
    assert words in str(told.value)
    assert TOKEN not in str(told.value)


async def test_who_has_no_such_service_is_told_how_to_add_it() -> None:
    with pytest.raises(ConfigError, match="Add the service hubtui"):
        await read(HubApi(), Secrets({"hub": {}}))


@pytest.mark.parametrize(
    ("named", "error", "words"),
    [
        ({"token_file": "/no/such/file"}, ConfigError, "hub.token_file /no/such/file"),
        ({"token_command": "false"}, ToolError, "hub.token_command ended with 1"),
        ({"token_command": "'"}, ConfigError, "hub.token_command cannot be read"),
        ({"token_command": "echo"}, ConfigError, "hub.token_command holds no token"),
    ],
)
async def test_a_source_that_gives_no_token_is_named_and_no_other_one_taken(
    named: dict[str, Any], error: type[HubtuiError], words: str
) -> None:
    with pytest.raises(error) as told:
        await read(HubApi(**named), Secrets({"hub": {KEY: b"of-the-release"}}))
    assert words in str(told.value)
