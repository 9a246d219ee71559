"""When GitHub is asked for the runs of the workflow, and what stays when it does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hubtui import config
from hubtui.clients import github_token
from hubtui.config import Demo
from hubtui.errors import DeniedError, LimitedError
from hubtui.services.session import Session
from hubtui.services.workflow_runs import AFTER_ERROR, EVERY, UNDER_WAY, WorkflowRuns
from tests import fake_github
from tests.fake_github import REPOSITORY, TOKEN, WORKFLOW, FakeGitHub, run
from tests.tui import prepared
from tests.tui.world import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with fake_github.github(run(2), run(1)) as fake:
        yield fake


@pytest.fixture
def asked(fake: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> config.GitHub:
    """A configuration whose token a file holds."""
    monkeypatch.delenv(github_token.VARIABLE, raising=False)
    (tmp_path / "token").write_text(TOKEN)
    return config.GitHub(
        repository=REPOSITORY,
        workflow=WORKFLOW,
        api=fake.url,
        token_file=str(tmp_path / "token"),
    )


@pytest.fixture
async def runs(asked: config.GitHub, tmp_path: Path) -> AsyncIterator[WorkflowRuns]:
    session = prepared.session(prepared.settings(tmp_path, github=asked))
    yield session.workflow_runs
    await session.close()


def session_with(tmp_path: Path, github: config.GitHub, **more: object) -> Session:
    return prepared.session(prepared.settings(tmp_path, github=github, **more))


async def test_nothing_is_asked_without_a_repository_or_a_token_nor_in_the_demo(
    fake: FakeGitHub, asked: config.GitHub, tmp_path: Path
) -> None:
    no_token = config.GitHub(repository=REPOSITORY, workflow=WORKFLOW, api=fake.url)
    no_repository = config.GitHub(api=fake.url, token_file=asked.token_file)
    for session in (
        session_with(tmp_path, no_token),
        session_with(tmp_path, no_repository),
        session_with(tmp_path, asked, demo=Demo(story="calm")),
    ):
        assert not session.workflow_runs.configured
        session.workflow_runs.look(NOW)
        await session.workflow_runs.read(NOW)
        await session.close()
    assert fake.requests == []


async def test_it_is_asked_again_after_a_while_and_sooner_while_one_runs(
    fake: FakeGitHub, runs: WorkflowRuns
) -> None:
    await runs.read(NOW)
    await runs.read(NOW + EVERY - SECOND)
    assert (len(fake.requests), runs.version) == (1, 1)
    fake.runs.insert(0, run(3, status="in_progress", conclusion=None))
    await runs.read(NOW + EVERY)
    assert (len(fake.requests), runs.version) == (2, 2)
    await runs.read(NOW + EVERY + UNDER_WAY - SECOND)
    await runs.read(NOW + EVERY + UNDER_WAY)
    assert (len(fake.requests), runs.version) == (3, 2), "nothing changed the second time"


async def test_an_error_leaves_what_is_known_and_is_not_asked_about_at_once(
    fake: FakeGitHub, runs: WorkflowRuns
) -> None:
    await runs.read(NOW)
    fake.refusal = (429, {"Retry-After": "1800"}, "")
    later = NOW + EVERY
    await runs.read(later)
    assert isinstance(runs.error, LimitedError)
    assert ([each.run_number for each in runs.runs], runs.asked) == ([2, 1], NOW)
    fake.refusal = None
    await runs.read(later + timedelta(seconds=1799))
    assert len(fake.requests) == 2
    await runs.read(later + timedelta(seconds=1800))
    assert len(fake.requests) == 3
    assert [runs.error] == [None]


async def test_a_token_that_is_refused_is_read_anew(
    fake: FakeGitHub, runs: WorkflowRuns, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("an-old-one")
    await runs.read(NOW)
    assert isinstance(runs.error, DeniedError)
    (tmp_path / "token").write_text(TOKEN)
    await runs.read(NOW + AFTER_ERROR)
    assert [runs.error] == [None]
    assert len(runs.runs) == 2


async def test_a_session_can_end_while_github_is_asked(
    fake: FakeGitHub, asked: config.GitHub, tmp_path: Path
) -> None:
    session = session_with(tmp_path, asked)
    session.workflow_runs.look(NOW)
    await session.close()
    assert session.workflow_runs.runs == ()
