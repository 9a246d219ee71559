"""The releases pane tells of the deployment workflow; enter on its line shows the runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtui import config
from hubtui.tui.screens.workflow_runs import WorkflowRunsScreen
from tests import fake_github
from tests.fake_github import REPOSITORY, SHA, TOKEN, WORKFLOW, FakeGitHub, run
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until

WIDE, NARROW = (160, 48), (80, 24)


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    plan = run(9, event="pull_request", head_branch="try-it", triggering_actor={"login": "ben"})
    with fake_github.github(plan, run(8, status="in_progress", conclusion=None), run(7)) as fake:
        yield fake


@pytest.fixture
def github(fake: FakeGitHub, tmp_path: Path) -> config.GitHub:
    (tmp_path / "token").write_text(TOKEN)
    return config.GitHub(
        repository=REPOSITORY, workflow=WORKFLOW, api=fake.url, token_file=str(tmp_path / "token")
    )


def lines_with(app: PreparedApp, words: str) -> list[str]:
    return [line for line in app.text.splitlines() if words in line]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=str)
async def test_the_last_line_of_the_revisions_is_the_newest_deployment_run(
    make: Make, github: config.GitHub, size: tuple[int, int]
) -> None:
    app = make(github=github)
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        await shown(pilot, f"▸ {WORKFLOW}: ◌ in progress main {SHA[:7]} · by ana")
        order = [line for line in app.text.splitlines() if "superseded" in line or "▸" in line]
        at = next(i for i, line in enumerate(order) if WORKFLOW in line)
        assert "superseded" in order[at - 1]
        assert "also here" in order[at + 1]


async def test_enter_shows_all_runs_and_where_to_read_on(
    make: Make, github: config.GitHub, fake: FakeGitHub
) -> None:
    app = make(github=github)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await shown(pilot, "◌ in progress")
        app.pane("releases").table.move_to("workflow")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WorkflowRunsScreen))
        await shown(pilot, "● success Raise the image (9) #9")
        for words in (
            f"https://github.com/{REPOSITORY}/actions/runs/9008",
            "by ben · on pull request · took 6 m",
            "under way for",
            f"main {SHA[:7]} written by Ana",
        ):
            assert words in app.text, words
        assert TOKEN not in app.text
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("c")
        await pilot.pause()
        assert app.clipboard == f"https://github.com/{REPOSITORY}/actions/runs/9008"


async def test_what_keeps_github_from_answering_is_told_in_the_line(
    make: Make, github: config.GitHub, fake: FakeGitHub
) -> None:
    fake.refusal = (404, {}, "Not Found")
    app = make(github=github)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await shown(pilot, f"{WORKFLOW}: ? GitHub knows no workflow")


async def test_without_a_token_there_is_no_line_and_no_request(
    make: Make, github: config.GitHub, fake: FakeGitHub, tmp_path: Path
) -> None:
    app = make(github=config.GitHub(repository=REPOSITORY, workflow=WORKFLOW, api=fake.url))
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        app._beat()
        await pilot.pause()
        assert lines_with(app, WORKFLOW) == []
    assert fake.requests == []
