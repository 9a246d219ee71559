"""Choosing what to upgrade from: nothing is implied, nothing typed is lost, no secret is shown."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from hubtui.clients import charts, repo
from hubtui.errors import UsageError
from hubtui.model.deployment import (
    ChartKind,
    ChartSource,
    Deployment,
    GitState,
    Layout,
    Recipient,
    ValueFile,
    ValuesMode,
)
from hubtui.model.plan import Basis, Check, Level, Plan
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.upgrade import UpgradeScreen
from tests import releases
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, until

SIZES = ((160, 48), (100, 30), (80, 24))

FOUND = Deployment(
    layout=Layout.HUBPLOY,
    root="/repo",
    hub="hub",
    environment="prod",
    release="hub",
    namespace="hub",
    chart=ChartSource(ChartKind.FOLDER, "/repo/chart", missing=("jupyterhub",)),
    files=(
        ValueFile("/repo/deployments/hub/config/common.yaml"),
        ValueFile("/repo/deployments/hub/secrets/prod.yaml", True, (Recipient("age", "age1xyz"),)),
    ),
    git=GitState(
        "/repo", "main", "abcdef0123456789", "Ada", "More memory", dirty=("a.yaml",), ahead=2,
        upstream="origin/main",
    ),
)  # fmt: skip


class Asked:
    """Takes the place of planning: notes what was asked and gives a small plan, or an error."""

    def __init__(self) -> None:
        self.requests: list[UpgradeRequest] = []
        self.error: UsageError | None = None

    async def plan(self, action: str, request: UpgradeRequest) -> Plan:
        assert action == "upgrade"
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return Plan(
            id="1",
            action=action,
            title="Upgrade hub",
            summary="Upgrades hub",
            context="gke-eu-prod",
            server="https://127.0.0.1:1",
            namespace="hub",
            release="hub",
            targets=("hub",),
            checks=(Check("values", Level.OK, "fine"),),
            confirm="hub",
            basis=Basis(),
            command="helm upgrade hub",
        )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A deployment folder and a chart repository are told, not read."""
    told = Asked()

    async def read(
        root: Path, hub: str = "", environment: str = "", *, chart: str = ""
    ) -> Deployment:
        if hub == "nobody":
            raise UsageError("There is no hub nobody in /repo")
        return FOUND

    async def source(reference: str, version: str = "", repository: str = "") -> ChartSource:
        return ChartSource(ChartKind.REPOSITORY, reference, version, repository)

    monkeypatch.setattr(repo, "find", lambda _start: Path("/repo"))
    monkeypatch.setattr(repo, "hubs", lambda _root: (("hub", "prod"), ("other", "prod")))
    monkeypatch.setattr(repo, "read", read)
    monkeypatch.setattr(charts, "source", source)
    monkeypatch.setattr(
        "hubtui.services.operations.Operations.plan", lambda _, action, r: told.plan(action, r)
    )
    return told


async def opened(pilot: Pilot[Any], app: PreparedApp) -> UpgradeScreen:
    await ready(pilot)
    await pilot.press("u")
    await until(pilot, lambda: isinstance(app.screen, UpgradeScreen), "the screen")
    screen = app.screen
    assert isinstance(screen, UpgradeScreen)
    await until(pilot, lambda: screen._now is not None, "the running revision")
    return screen


async def shows(pilot: Pilot[Any], app: PreparedApp, words: str) -> None:
    def seen() -> bool:
        app._beat()
        return words in " ".join(app.text.replace("│", " ").split())

    await until(pilot, seen, words)


async def choose(pilot: Pilot[Any], app: PreparedApp, at: int) -> None:
    """The source at a place in the list."""
    app.screen.query_one("#upgrade-sources").focus()
    await pilot.press("g", *"j" * at, "enter")


async def keep(pilot: Pilot[Any], app: PreparedApp, at: int) -> None:
    """The mode at a place in the list; the button then has the focus."""
    app._beat()
    app.screen.query_one("#upgrade-modes").focus()
    await pilot.press("g")
    modes = app.screen.query_one("#upgrade-modes")
    for _ in range(20):
        if modes.chosen(modes.cursor) == at:  # type: ignore[attr-defined]
            break
        await pilot.press("j")
    await pilot.press("enter")
    button = app.screen.query_one("#upgrade-plan", Button)
    await until(pilot, lambda: button.has_focus, "the button")


async def planned(pilot: Pilot[Any], app: PreparedApp, asked: Asked) -> UpgradeRequest:
    await pilot.press("enter")
    await until(pilot, lambda: asked.requests, "a plan")
    return asked.requests[-1]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_all_choices_and_the_button_are_on_the_screen_together(
    make: Make, asked: Asked, size: tuple[int, int]
) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot, app)
        for at in range(4):
            await choose(pilot, app, at)
            await shows(pilot, app, "(usual here)")
            for widget in ("#upgrade-sources", "#upgrade-modes", "#upgrade-plan"):
                region = screen.query_one(widget).region
                assert region.area > 0
                assert screen.region.contains_region(region), widget
            assert all(screen.region.contains_region(line.region) for line in screen.fields.shown)
        for words in ("Deployment folder", "$EDITOR", "reset-then-reuse", "this over that"):
            await shows(pilot, app, words)


async def test_no_mode_is_chosen_by_itself(make: Make, asked: Asked) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, app)
        button = screen.query_one("#upgrade-plan", Button)
        await choose(pilot, app, 0)
        await pilot.press("enter", "enter")  # through the fields
        await pilot.pause()
        assert screen.typed.mode is None
        assert button.disabled
        await pilot.click("#upgrade-plan")
        assert asked.requests == []
        await keep(pilot, app, 0)
        assert not button.disabled


async def test_a_deployment_folder_is_found_and_told_before_its_plan(
    make: Make, asked: Asked
) -> None:
    app = make()
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 0)
        assert screen.fields.line("folder").value == "/repo"
        for words in (
            "hubploy, hub/prod",
            "deployments/hub/secrets/prod.yaml encrypted for age age1xyz",
            "not built: jupyterhub",
            "main abcdef0123 More memory, by Ada",
            "2 ahead of origin/main",
            "not committed: a.yaml",
        ):
            await shows(pilot, app, words)
        await keep(pilot, app, 0)
        request = await planned(pilot, app, asked)
        assert request == UpgradeRequest(mode=ValuesMode.RESET, deployment=FOUND)


async def test_value_files_go_over_the_chart_that_runs(
    make: Make, asked: Asked, tmp_path: Path
) -> None:
    (tmp_path / "one.yaml").write_text("a: 1\n")
    (tmp_path / "two.yaml").write_text("a: 2\n")
    app = make()
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 1)
        files = screen.fields.line("files")
        await until(pilot, lambda: files.has_focus, "the field")
        files.value = f"{tmp_path}/one.yaml, {tmp_path}/tw"
        files.cursor_position = len(files.value)
        await until(pilot, lambda: files._suggestion, "a suggestion")
        await pilot.press("right")
        assert files.value.endswith("two.yaml")
        await keep(pilot, app, 2)
        request = await planned(pilot, app, asked)
        assert [file.path for file in request.files] == [
            str(tmp_path / name) for name in ("one.yaml", "two.yaml")
        ]
        assert (request.mode, request.chart) == (ValuesMode.RESET_THEN_REUSE, None)


async def test_another_chart_is_asked_for_with_its_version_alone(make: Make, asked: Asked) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 2)
        await until(pilot, lambda: screen.fields.line("chart").has_focus, "the field")
        await pilot.press("enter", *"4.4.0", "enter", "enter")
        await keep(pilot, app, 2)
        request = await planned(pilot, app, asked)
        address = "https://hub.jupyter.org/helm-chart/"
        assert request.chart == ChartSource(ChartKind.REPOSITORY, "jupyterhub", "4.4.0", address)
        assert (request.files, request.overlay, request.set_strings) == ((), {}, ())


async def test_only_the_tag_changes_and_it_stays_text(make: Make, asked: Asked) -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 3)
        await until(pilot, lambda: screen.fields.line("tag").has_focus, "the field")
        await pilot.press(*"2026.10", "enter")
        await keep(pilot, app, 1)
        request = await planned(pilot, app, asked)
        assert request == UpgradeRequest(
            mode=ValuesMode.REUSE, set_strings=("singleuser.image.tag=2026.10",)
        )


@pytest.mark.parametrize(
    ("at", "typed", "words"),
    [
        (0, {"folder": ""}, "No deployment folder is named."),
        (0, {"hub": "nobody"}, "There is no hub nobody in /repo."),
        (1, {}, "No value file is named."),
        (1, {"files": "/nowhere/at/all.yaml"}, "There is no file /nowhere/at/all.yaml."),
        (2, {"chart": ""}, "No chart is named. Name a folder"),
        (3, {}, "No tag is named."),
        (3, {"tag": "a b"}, "'a b' is no tag of an image."),
        (4, {}, "No editor is set. Set VISUAL or EDITOR"),
    ],
)
async def test_what_is_missing_is_said_and_goes_once_it_is_mended(
    make: Make,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    typed: dict[str, str],
    words: str,
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, at)
        for name, value in typed.items():
            screen.fields.fill(name, value)
        await pilot.pause()
        if at < 4:
            await keep(pilot, app, 1)
            await pilot.press("enter")
        await shows(pilot, app, words)
        assert app.screen is screen
        assert asked.requests == []
        await choose(pilot, app, 3)
        assert not screen.query_one("#upgrade-words").has_class("-said")


async def test_going_back_from_a_plan_and_from_the_screen_keeps_what_was_typed(
    make: Make, asked: Asked
) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 3)
        await until(pilot, lambda: screen.fields.line("tag").has_focus, "the field")
        await pilot.press(*"2026.12", "enter")
        await keep(pilot, app, 1)
        await planned(pilot, app, asked)
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the plan")
        assert isinstance(app.screen, PlanScreen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the screen again")
        assert screen.fields.line("tag").value == "2026.12"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen), "the overview")
        again = await opened(pilot, app)
        assert again.fields.line("tag").value == "2026.12"
        assert again.typed.mode is ValuesMode.REUSE
        await shows(pilot, app, "● Another image tag")


async def test_a_plan_that_cannot_be_made_leads_back_here(make: Make, asked: Asked) -> None:
    asked.error = UsageError("There is no version 9.9.9 of jupyterhub")
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 2)
        screen.fields.fill("version", "9.9.9")
        await keep(pilot, app, 1)
        await planned(pilot, app, asked)
        await until(pilot, app.told, "the error")
        assert app.screen is screen
        assert app.told() == ["There is no version 9.9.9 of jupyterhub."]
        assert screen.fields.line("version").value == "9.9.9"


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


async def test_read_only_can_look_at_the_plan(make: Make, asked: Asked) -> None:
    app = make(read_only=True)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 3)
        screen.fields.fill("tag", "2026.12")
        await keep(pilot, app, 1)
        await planned(pilot, app, asked)
        await shows(pilot, app, "Upgrade is not possible: started with --read-only")
        assert app.screen.query_one("#confirm-go", Button).disabled
