"""Waiting for what a write sets in motion, through refusals and outages; and what is said then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hubtui.errors import DeniedError, HubtuiError, UnreachableError
from hubtui.model.plan import Outcome, Phase, Result, Step, StepState
from hubtui.model.release import Status
from hubtui.services import hub_health
from hubtui.services.actions import following
from hubtui.services.actions.release_outcome import Seen, deployed, left_behind
from hubtui.services.actions.rollback import deed
from hubtui.services.hub_health import Health, HubAddress
from hubtui.services.rollouts import Look
from tests.unit.test_rollback_checks import head

EXPIRED = DeniedError("The cluster does not accept these credentials (401)", status=401)
AWAY = UnreachableError("https://example.org does not answer")
HUB = Step("Deployment", "hub", 1, 1, 1, StepState.DONE)
MOVING = Step("Deployment", "hub", 0, 1, 1, StepState.MOVING)
UNSEEN = Step("StatefulSet", "db", 0, 0, 0, StepState.UNKNOWN, "no right to list it", known=False)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "CADENCE", 0.0)


class Looks:
    """What is seen at each look; the last one stays."""

    def __init__(self, *looks: Look | HubtuiError) -> None:
        self.left = list(looks)

    async def look(self) -> Look:
        found = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(found, HubtuiError):
            raise found
        return found


async def followed(*looks: Look | HubtuiError, limit: float = 60.0) -> tuple[Look, bool, list[str]]:
    notes: list[str] = []

    def tell(_phase: Phase, _look: Look, note: str) -> None:
        notes.append(note)

    look, in_time = await following.rollouts(Looks(*looks), tell, limit=limit, stuck_for=60.0)
    return look, in_time, notes


async def test_credentials_that_run_out_in_the_middle_are_waited_for() -> None:
    look, in_time, notes = await followed(Look((MOVING,)), EXPIRED, AWAY, Look((HUB,)))
    assert (look, in_time) == (Look((HUB,)), True)
    assert notes == ["the workloads", EXPIRED.what, AWAY.what]


async def test_an_outage_until_the_limit_is_no_failed_rollout() -> None:
    look, in_time, _ = await followed(AWAY, limit=-1.0)
    assert not in_time
    assert look.unseen == AWAY.what


async def test_an_unknown_step_does_not_end_the_wait_for_the_others() -> None:
    look, in_time, _ = await followed(Look((MOVING, UNSEEN)), Look((HUB, UNSEEN)))
    assert (look.steps, in_time) == ((HUB, UNSEEN), True)


async def test_a_right_that_a_starting_server_denies_is_asked_for_again() -> None:
    look, in_time, _ = await followed(Look((MOVING,)), AWAY, Look((UNSEEN,)), Look((HUB,)))
    assert (look.steps, in_time) == ((HUB,), True)


async def test_a_right_that_stays_denied_after_an_outage_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "TRUSTED_AFTER", 0.0)
    look, in_time, _ = await followed(AWAY, Look((UNSEEN,)), Look((HUB,)))
    assert (look.steps, in_time) == ((UNSEEN,), True)


@pytest.mark.parametrize("error", [EXPIRED, AWAY])
async def test_a_hub_that_could_not_be_asked_is_not_a_hub_that_does_not_answer(
    error: HubtuiError, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(*_: object) -> Health:
        raise error

    monkeypatch.setattr(hub_health, "ask", ask)
    client: Any = None
    found = await following.health(
        client, HubAddress("hub", "hub"), Look(), lambda *_: None, limit=-1.0
    )
    assert found == Health(None, error.what)


def seen(look: Look) -> Seen:
    return Seen("hub", deed(12, 11), (head(13), head(12, Status.SUPERSEDED)), look=look)


ANSWERS = Health(True, "the hub answers /hub/health")


@pytest.mark.parametrize(
    ("steps", "error", "health", "result"),
    [
        ((HUB,), "", ANSWERS, Result.OK),
        ((HUB,), "", None, Result.OK),
        ((HUB, UNSEEN), "", ANSWERS, Result.UNVERIFIED),
        ((MOVING,), AWAY.what, ANSWERS, Result.UNVERIFIED),
        ((HUB,), "", Health(None, "the hub was not asked"), Result.UNVERIFIED),
        ((HUB, UNSEEN), "", Health(False, "HTTP 503"), Result.FAILED),
    ],
)
def test_our_own_verification_is_the_result(
    steps: Sequence[Step], error: str, health: Health | None, result: Result
) -> None:
    outcome = deployed(seen(Look(tuple(steps), error)), health)
    assert outcome.result is result
    assert outcome.steps == tuple(steps)
    assert outcome.ok is (result is Result.OK)


def test_what_was_not_verified_is_said() -> None:
    outcome = deployed(seen(Look((HUB, UNSEEN))), ANSWERS)
    assert "not verified: 1 of 2 workloads are ready" in outcome.summary
    assert "the hub answers /hub/health" in outcome.summary
    assert outcome.notes == ("Not verified: no right to list it",)


def test_what_nobody_watched_and_may_not_be_read() -> None:
    outcome: Outcome = left_behind(seen(Look((HUB, UNSEEN))), begun=True)
    assert outcome.result is Result.UNVERIFIED
