"""What helm said, read by a hubtui that does not know which of its values were secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtui.errors import DeniedError
from hubtui.model.plan import Result
from hubtui.model.redact import MASK, Redactor
from hubtui.model.release import Payload, RevisionHead, Status
from hubtui.services.actions.release_outcome import Deed
from hubtui.services.actions.release_watch import Watch
from tests.unit.test_rollback_checks import head, side

CANARY = "kanarienvogel-7f3a"
DEED = Deed(13, 12, "a chart", "revision 13", "plan again", ("Recover.",), ("Mend it.",))


class Session:
    """A release whose newest revision failed; a fake of the session."""

    namespace = release = "hub"
    client = pods = None

    def __init__(self, *, denied: bool = False) -> None:
        self.releases = self
        self._denied = denied

    async def refresh(self, _release: str) -> list[RevisionHead]:
        return [head(13, Status.FAILED), head(12)]

    async def payload(self, _head: RevisionHead) -> Payload:
        if self._denied:
            raise DeniedError("no right to get secrets")
        found = side(13).payload
        assert found is not None
        return replace(found, config={"hub": {"extra": [CANARY, 12345678]}})

    async def redactor(self) -> Redactor:
        return Redactor()


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
