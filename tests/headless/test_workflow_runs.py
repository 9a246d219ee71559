"""`releases` tells of the runs of the workflow that deploys the hub, where one is configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubtui.clients.github_token import VARIABLE
from tests import fake_github
from tests.fake_github import REPOSITORY, SHA, TOKEN, WORKFLOW, FakeGitHub, run
from tests.headless import cluster
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command
from tests.releases import packed, release, values

CONFIG = """
[github]
repository = "{repository}"
workflow = "{workflow}"
api = "{api}"
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    other = "0" * 40
    runs = (
        run(3, event="pull_request", conclusion="failure", head_branch="raise-it"),
        run(2),
        run(1, head_sha=other, created_at="2026-05-01T13:00:00Z", conclusion="cancelled",
            run_started_at="2026-05-01T13:00:00Z", updated_at="2026-05-01T13:02:00Z"),
    )  # fmt: skip
    with fake_github.github(*runs) as fake:
        (tmp_path / "config.toml").write_text(
            CONFIG.format(repository=REPOSITORY, workflow=WORKFLOW, api=fake.url)
        )
        monkeypatch.setenv("HUBTUI_CONFIG", str(tmp_path / "config.toml"))
        monkeypatch.setenv(VARIABLE, TOKEN)
        yield fake


def deployed_by_commit(api: ApiServer) -> None:
    """The newest revision says which commit it is of, as `hubtui upgrade` writes it."""
    body = release(3, values(tag="2026.11"))
    body["info"]["description"] = f"{SHA[:7]} by Ana: Raise the image"
    stored = cluster.helm_secret(3, "deployed", packed(body))
    stored["metadata"]["creationTimestamp"] = "2026-05-02T13:04:05Z"
    api.objects.append(stored)


def test_json_has_the_runs_and_the_revision_that_a_commit_tells(
    hubtui: Command, api: ApiServer, fake: FakeGitHub
) -> None:
    deployed_by_commit(api)
    found = hubtui("releases", "--json").document
    assert found["notes"] == []
    about = found["workflow"]
    assert (about["repository"], about["workflow"]) == (REPOSITORY, WORKFLOW)
    plan, deployed, cancelled = about["runs"]
    assert (plan["event"], plan["severity"], plan["revision"]) == ("pull_request", "now", None)
    assert (deployed["revision"], deployed["revision_by"]) == (3, "commit")
    assert deployed["commit"] == SHA
    assert (deployed["who"], deployed["branch"]) == ("ana", "main")
    assert deployed["started"] == "2026-05-02T13:00:00Z"
    assert deployed["url"].endswith("/actions/runs/9002")
    assert (cancelled["conclusion"], cancelled["revision"]) == ("cancelled", None)


def test_text_lists_the_newest_runs_below_the_releases(
    hubtui: Command, api: ApiServer, fake: FakeGitHub
) -> None:
    deployed_by_commit(api)
    lines = hubtui("releases").out.splitlines()
    at = lines.index(f"Runs of {WORKFLOW} in {REPOSITORY}")
    assert lines[at + 1].startswith("✗ failure raise-it 3f2a1c9 · by ana · ")
    assert lines[at + 2].startswith("● success main 3f2a1c9 · by ana · ")
    assert lines[at + 2].endswith("made r3")


def test_the_token_is_nowhere(
    hubtui: Command, api: ApiServer, fake: FakeGitHub, tmp_path: Path
) -> None:
    for argv in (["releases"], ["releases", "--json"], ["config"], ["config", "--json"]):
        found = hubtui(*argv)
        assert TOKEN not in found.out + found.err
    for status in (401, 403, 404, 500):
        fake.refusal = (status, {}, f"no such token {TOKEN}")
        found = hubtui("releases", "--json")
        assert found.code == 0
        assert TOKEN not in found.out + found.err
    assert TOKEN not in (tmp_path / "state" / "hubtui.log").read_text()


def _refused(fake: FakeGitHub, path: Path) -> None:
    fake.token = "another"


def _gone(fake: FakeGitHub, path: Path) -> None:
    path.write_text(path.read_text().replace(fake.url, "http://127.0.0.1:1"))


def _unknown(fake: FakeGitHub, path: Path) -> None:
    path.write_text(path.read_text().replace(WORKFLOW, "other.yml"))


@pytest.mark.parametrize(
    ("breaking", "words"),
    [
        (_refused, "GitHub does not accept the token"),
        (_gone, "http://127.0.0.1:1 does not answer"),
        (_unknown, "no workflow our-org/hubs other.yml"),
    ],
)
def test_without_github_the_releases_are_still_told(
    hubtui: Command,
    api: ApiServer,
    fake: FakeGitHub,
    tmp_path: Path,
    breaking: Callable[[FakeGitHub, Path], None],
    words: str,
) -> None:
    breaking(fake, tmp_path / "config.toml")
    found = hubtui("releases", "--json")
    assert found.code == 0
    assert [each["release"] for each in found.document["items"]] == ["hub", "support"]
    (note,) = found.document["notes"]
    assert note["source"] == "github"
    assert words in note["reason"]
    assert words in hubtui("releases").err


def test_nothing_is_told_or_asked_without_a_token(
    hubtui: Command, api: ApiServer, fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    found = hubtui("releases", "--json")
    assert "workflow" not in found.document
    assert WORKFLOW not in hubtui("releases").out
    assert fake.requests == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('repository = "hubs"', "is no OWNER/NAME"),
        ('repository = "a/b"', "has no github.workflow beside it"),
        ('repository = "a/b"\nworkflow = ".github/workflows/d.yml"', "Write the name of its file"),
        ('api = "http://ghe.example.org/api/v3"', "would have the token sent in the clear"),
        ('api = "https://me:pw@ghe.example.org"', "holds no user name and no password"),
        ('token = "ghp_x"', "unknown field"),
    ],
)
def test_a_configuration_that_cannot_be_used(
    hubtui: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, words: str
) -> None:
    (tmp_path / "config.toml").write_text(f"[github]\n{line}\n")
    monkeypatch.setenv("HUBTUI_CONFIG", str(tmp_path / "config.toml"))
    found = hubtui("config")
    assert found.code == 2
    assert words in found.err
    assert "ghp_x" not in found.err
    assert "pw" not in found.err.replace("https", "")
