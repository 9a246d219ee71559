"""`hubtui users` where the hub cannot be asked: what it says, and what it does not."""

from __future__ import annotations

import pytest

from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command


def test_without_a_token_for_the_hub_it_says_how_to_get_one(
    hubtui: Command, api: ApiServer
) -> None:
    found = hubtui("users", "--json")
    assert (found.code, found.out) == (2, "")
    assert "There is no token for the hub" in found.err
    assert "HUBTUI_HUB_TOKEN" in found.err


@pytest.mark.parametrize("line", ["users --cull-timeout soon", "users --sort luck"])
def test_what_it_does_not_understand(hubtui: Command, api: ApiServer, line: str) -> None:
    found = hubtui(*line.split())
    assert (found.code, found.out) == (2, "")
    assert line.split()[-1] in found.err
