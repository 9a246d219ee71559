"""Editing the values of an upgrade: no secret is shown, and a slip can be mended."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from hubtui.model.deployment import ValuesMode
from hubtui.services.actions.upgrade_request import UpgradeRequest
from tests import releases
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp
from tests.tui.upgrade_choices import Asked, choose, keep, opened, planned, shows


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """An editor that keeps what it saw, then does as the script says. Suspending needs a
    terminal."""
    program, seen = tmp_path / "ed", tmp_path / "seen"
    program.write_text(f'#!/bin/sh\ncat "$1" >> {seen}\n{script}\n')
    program.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(program))
    monkeypatch.setattr(PreparedApp, "suspend", lambda _: nullcontext())
    return seen


async def test_an_edit_shows_no_secret_and_only_its_changes_are_asked_for(
    make: Make, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = editor(tmp_path, monkeypatch, """sed -i 's/limit: 4G/limit: 6G/' "$1" """)
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await choose(pilot, app, 4)
        await shows(pilot, app, "edited singleuser.memory.limit")
        await keep(pilot, app, 1)
        request = await planned(pilot, app, asked)
    assert request == UpgradeRequest(
        mode=ValuesMode.REUSE, overlay={"singleuser": {"memory": {"limit": "6G"}}}
    )
    text = seen.read_text()
    assert text.startswith("# Values of hub, revision 12, in namespace hub on gke-eu-prod.\n")
    assert "client_secret" in text
    assert releases.CLIENT_SECRET not in text


async def test_an_edit_that_changes_nothing_says_so(
    make: Make, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(tmp_path, monkeypatch, "true")
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 4)
        await shows(pilot, app, "Nothing was changed: there is nothing to do.")
        assert screen.typed.overlay == {}


async def test_a_slip_is_said_with_its_line_and_the_text_is_there_to_mend(
    make: Make, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = editor(tmp_path, monkeypatch, 'echo "mine: [" >> "$1"')
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 4)
        await shows(pilot, app, "hub-values.yaml cannot be read: line ")
        assert screen.typed.overlay == {}
        seen.unlink()
        editor(tmp_path, monkeypatch, """sed -i 's/mine: \\[/custom: {x: 1}/' "$1" """)
        await choose(pilot, app, 4)
        await shows(pilot, app, "edited custom.x")
        assert "mine: [" in seen.read_text()
        assert not screen.query_one("#upgrade-words").has_class("-said")


async def test_an_edit_never_goes_with_reset(
    make: Make, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(tmp_path, monkeypatch, 'echo "custom: {x: 1}" >> "$1"')
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await choose(pilot, app, 4)
        await shows(pilot, app, "edited custom.x")
        await keep(pilot, app, 0)
        await pilot.press("enter")
        await shows(pilot, app, "An edit cannot go with reset")
        assert asked.requests == []


async def test_what_is_taken_away_needs_a_mode_that_takes_it_away(
    make: Make, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(tmp_path, monkeypatch, """sed -i '/limit: 4G/d' "$1" """)
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await choose(pilot, app, 4)
        await shows(pilot, app, "edited singleuser.memory")
        await keep(pilot, app, 1)
        await pilot.press("enter")
        await shows(pilot, app, "with reuse helm keeps it all the same. Choose reset-then-reuse.")
        await keep(pilot, app, 2)
        request = await planned(pilot, app, asked)
        assert request.mode is ValuesMode.RESET_THEN_REUSE


async def test_a_terminal_that_cannot_be_left_is_said(
    make: Make, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "true")
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await choose(pilot, app, 4)
        await shows(pilot, app, "An editor cannot be opened from this terminal.")
