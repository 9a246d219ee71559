"""How a helm ended, asked of a cluster that does not answer at once; and what it said, read by a
hubtui that does not know which of its values were secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtui.errors import ApiError, DeniedError, HubtuiError, LimitedError, UnreachableError
from hubtui.model.plan import Outcome, Result
from hubtui.model.redact import MASK, Redactor
from hubtui.model.release import Payload, RevisionHead, Status
from hubtui.services.actions import release_watch
from hubtui.services.actions.release_outcome import Deed
from hubtui.services.actions.release_watch import Watch
from tests.unit.test_rollback_checks import head, side

CANARY = "kanarienvogel-7f3a"
DEED = Deed(13, 12, "a chart", "revision 13", "plan again", ("Recover.",), ("Mend it.",))


class Session:
    """A release whose newest revision failed; a fake of the session."""

    namespace = release = "hub"
    client = pods = None

    def __init__(self, *errors: HubtuiError, denied: bool = False) -> None:
        self.releases = self
        self.errors = list(errors)
        self._denied = denied

    async def refresh(self, _release: str) -> list[RevisionHead]:
        if self.errors:
            raise self.errors.pop(0)
        return [head(13, Status.FAILED), head(12)]

    async def payload(self, _head: RevisionHead) -> Payload:
        if self._denied:
            raise DeniedError("no right to get secrets")
        found = side(13).payload
        assert found is not None
        return replace(found, config={"hub": {"extra": [CANARY, 12345678]}})

    async def redactor(self) -> Redactor:
        return Redactor()


class Ended:
    """A helm that has ended; a fake of the process."""

    def __init__(self, code: int) -> None:
        self._code = code

    async def wait(self) -> int:
        return self._code


async def ended(session: Any, code: int = 1) -> Outcome:
    """What is told of a helm that ended with a code."""
    helm: Any = Ended(code)
    return await Watch(session, None, "upgrade", DEED, 13, "").to_the_end(helm)


@pytest.mark.parametrize(
    "error",
    [
        UnreachableError("https://example.org does not answer"),
        ApiError("the server is currently unable to handle the request", status=503),
        LimitedError("too many requests", status=429, wait=1),
        DeniedError("The cluster does not accept these credentials (401)", status=401),
        DeniedError("no right to list secrets", status=403),
    ],
    ids=["away", "starting", "limited", "expired", "without its roles"],
)
async def test_a_server_that_comes_back_tells_how_helm_ended(
    error: HubtuiError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_watch, "CADENCE", 0.0)
    session = Session(*[error] * 5)  # some are for who shows the progress
    outcome = await ended(session)
    assert not session.errors
    assert outcome.result is Result.FAILED
    assert outcome.revision == 13


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("ASK_AGAIN", UnreachableError("https://example.org does not answer")),
        ("TRUSTED_AFTER", DeniedError("no right to list secrets", status=403)),
    ],
)
@pytest.mark.parametrize(
    ("code", "result", "helm"),
    [
        (0, Result.UNVERIFIED, "Helm finished"),
        (1, Result.INTERRUPTED, "Helm ended with 1"),
        (-9, Result.INTERRUPTED, "Helm was killed (SIGKILL)"),
    ],
)
async def test_a_server_that_does_not_tell_leaves_a_next_step(
    name: str,
    error: HubtuiError,
    code: int,
    result: Result,
    helm: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(release_watch, "CADENCE", 0.0)
    monkeypatch.setattr(release_watch, name, 0.0)
    outcome = await ended(Session(*[error] * 20), code)
    assert outcome.result is result
    assert outcome.summary == (f"{helm}, and it is not known what revision 13 is: {error.what}")
    assert outcome.next_steps == (
        "When the cluster answers again, look at the revisions (hubtui history).",
        "If revision 13 is pending: Recover.",
    )


@pytest.mark.parametrize(
    ("secrets", "shown"),
    [
        (frozenset({CANARY}), f"Error: {MASK} and 12345678 are wrong"),
        (None, f"Error: {MASK} and {MASK} are wrong"),
    ],
    ids=["known", "unknown"],
)
async def test_values_are_masked_in_what_helm_said(
    tmp_path: Path, secrets: frozenset[str] | None, shown: str
) -> None:
    words = tmp_path / "words"
    words.write_text(f"Error: {CANARY} and 12345678 are wrong\n")
    session: Any = Session()
    watch = Watch(session, None, "upgrade", DEED, 13, str(words), secrets)
    outcome = await watch.aftermath(begun=True)
    assert outcome.result is Result.FAILED
    assert outcome.words == shown
    assert CANARY not in repr(outcome)


async def test_helms_words_are_not_told_where_it_cannot_be_known_what_is_secret(
    tmp_path: Path,
) -> None:
    words = tmp_path / "words"
    words.write_text(f"Error: {CANARY} is wrong\n")
    session: Any = Session(denied=True)
    watch = Watch(session, None, "upgrade", DEED, 13, str(words), None)
    outcome = await watch.aftermath(begun=True)
    assert CANARY not in repr(outcome)
