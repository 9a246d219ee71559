"""GitHub's API as hubtui asks it, against a fake of it; and where the token comes from."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hubtui import config
from hubtui.clients import github_token
from hubtui.clients.gate import Gate
from hubtui.clients.github import GitHub
from hubtui.clients.http import Http
from hubtui.errors import (
    ApiError,
    ConfigError,
    DecodeError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
    ToolError,
)
from hubtui.model.podstate import Severity
from tests import fake_github
from tests.fake_github import REPOSITORY, TOKEN, WORKFLOW, FakeGitHub, run


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with fake_github.github(*(run(number) for number in range(7, 0, -1))) as fake:
        yield fake


def settings(fake: FakeGitHub, **more: str) -> config.GitHub:
    given = {"repository": REPOSITORY, "workflow": WORKFLOW, "api": fake.url, **more}
    return config.GitHub(**given)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http(Gate("because"))
    yield http
    await http.close()


async def test_the_runs_newest_first_as_the_documentation_asks_for_them(
    fake: FakeGitHub, http: Http
) -> None:
    runs = await GitHub(http, settings(fake), TOKEN).runs()
    assert [each.run_number for each in runs] == [7, 6, 5, 4, 3, 2, 1]
    assert (runs[0].who, runs[0].head_branch, runs[0].commit) == ("ana", "main", "3f2a1c9")
    assert runs[0].began == datetime(2026, 5, 2, 13, tzinfo=UTC)
    ((path, headers),) = fake.requests
    assert path.startswith(f"/repos/{REPOSITORY}/actions/workflows/{WORKFLOW}/runs?per_page=30")
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["user-agent"].startswith("hubtui/")


async def test_further_pages_are_asked_for_as_far_as_needed(
    fake: FakeGitHub, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtui.clients.github.PER_PAGE", 2)
    client = GitHub(http, settings(fake), TOKEN)
    assert [each.run_number for each in await client.runs(5)] == [7, 6, 5, 4, 3]
    assert len(fake.requests) == 3
    assert len(await client.runs(50)) == 7
    assert len(fake.requests) == 3 + 4


async def test_what_has_not_changed_is_not_sent_again(fake: FakeGitHub, http: Http) -> None:
    client = GitHub(http, settings(fake), TOKEN)
    first = await client.runs()
    assert (await client.runs(), fake.sent) == (first, 1)
    fake.runs.insert(0, run(8))
    assert [(await client.runs())[0].run_number, fake.sent] == [8, 2]


async def test_an_enterprise_servers_path_stays_in_front(fake: FakeGitHub, http: Http) -> None:
    with pytest.raises(NotFoundError):  # the fake has none
        await GitHub(http, settings(fake, api=f"{fake.url}/api/v3/"), TOKEN).runs()
    assert fake.requests[0][0].startswith("/api/v3/repos/")


NOBODY: dict[str, str] = {}
REFUSALS = [
    (401, NOBODY, "Bad credentials", DeniedError, "does not accept the token: Bad credentials"),
    (403, NOBODY, "Resource not accessible", DeniedError, "Actions: read"),
    (403, {"X-GitHub-SSO": "required; url=https://github.com/x"}, "SSO", DeniedError, "sign-on"),
    (404, NOBODY, "Not Found", NotFoundError, f"no workflow {REPOSITORY} {WORKFLOW}"),
    (500, NOBODY, "", ApiError, "HTTP 500"),
    (429, NOBODY, "", LimitedError, "too many requests"),
    (403, {"Retry-After": "120"}, "secondary", LimitedError, "again in 2 m"),
]


@pytest.mark.parametrize(("status", "headers", "message", "kind", "words"), REFUSALS)
async def test_a_refusal_in_words(
    fake: FakeGitHub,
    http: Http,
    status: int,
    headers: dict[str, str],
    message: str,
    kind: type[HubtuiError],
    words: str,
) -> None:
    fake.refusal = (status, headers, message)
    with pytest.raises(kind) as told:
        await GitHub(http, settings(fake), TOKEN).runs()
    assert type(told.value) is kind
    assert words in str(told.value)
    assert TOKEN not in str(told.value)


async def test_the_hourly_limit_says_when_it_is_over_by_the_servers_clock(
    fake: FakeGitHub, http: Http
) -> None:
    server = "Sat, 02 May 2026 13:00:00 GMT"
    reset = datetime(2026, 5, 2, 13, 25, tzinfo=UTC).timestamp()
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{reset:.0f}", "Date": server}
    fake.refusal = (403, headers, "API rate limit exceeded")
    with pytest.raises(LimitedError, match="it answers again in 25 m") as told:
        await GitHub(http, settings(fake), TOKEN).runs()
    assert told.value.wait == 25 * 60


async def test_words_of_the_server_are_harmless_and_a_strange_answer_is_told(
    fake: FakeGitHub, http: Http
) -> None:
    fake.refusal = (403, {}, "no\x1b[31m\nright")
    with pytest.raises(DeniedError, match=r"no\\x1b\[31m right"):
        await GitHub(http, settings(fake), TOKEN).runs()
    fake.refusal = (200, {}, "a page of somebody else's")
    with pytest.raises(DecodeError, match="cannot be understood as GitHub's"):
        await GitHub(http, settings(fake), TOKEN).runs()


async def test_a_run_that_lacks_what_may_be_missing(fake: FakeGitHub, http: Http) -> None:
    bare = {"id": 1, "status": "queued", "conclusion": None, "actor": None, "head_branch": None}
    fake.runs[:] = [{**run(1), **bare, "triggering_actor": None, "head_commit": None}]
    (found,) = await GitHub(http, settings(fake), TOKEN).runs()
    assert (found.words, found.who, found.severity) == ("queued", "", Severity.WAITING)


# -- the token


async def test_the_token_is_taken_from_the_first_place_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-the-file\n")
    both = config.GitHub(token_file=str(file), token_command="echo from-the-command")
    only = config.GitHub(token_command="printf '%s\n' from-the-command")
    assert await github_token.read(both, {github_token.VARIABLE: " from-there "}) == "from-there"
    assert await github_token.read(both, {}) == "from-the-file"
    assert await github_token.read(only, {}) == "from-the-command"
    assert not github_token.named(config.GitHub(), {github_token.VARIABLE: ""})
    with pytest.raises(ConfigError, match="There is no token for GitHub"):
        await github_token.read(config.GitHub(), {})


async def test_a_token_that_is_none_is_told_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("user: me\npassword: very-secret\n")
    with pytest.raises(ConfigError, match="holds more than a token") as told:
        await github_token.read(config.GitHub(token_file=str(file)), {})
    assert "secret" not in str(told.value)
    file.write_text("")
    with pytest.raises(ConfigError, match="holds no token"):
        await github_token.read(config.GitHub(token_file=str(file)), {})
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        await github_token.read(config.GitHub(token_file=str(tmp_path / "gone")), {})


async def test_a_command_that_fails_is_told() -> None:
    with pytest.raises(ToolError, match="token_command ended with 1"):
        await github_token.read(config.GitHub(token_command="false"), {})
    with pytest.raises(ToolError, match="no-such-program cannot be started"):
        await github_token.read(config.GitHub(token_command="no-such-program --x"), {})
    for blank in ("'open", "  "):
        with pytest.raises(ConfigError, match=r"github\.token_command"):
            await github_token.read(config.GitHub(token_command=blank), {})


async def test_a_command_runs_without_a_shell() -> None:
    found = await github_token.read(config.GitHub(token_command="echo $HOME;ls"), {})
    assert found == "$HOME;ls"
    assert os.environ["HOME"] not in found
