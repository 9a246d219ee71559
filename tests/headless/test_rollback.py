"""`hubtui rollback`: the plan, what it takes to go on, and what is said of the end.

The action is prepared; who confirms, refuses and journals is the real runner. The real rollback is
in tests/cluster.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, field
from typing import Any

import pytest

from hubtui.errors import NotFoundError
from hubtui.model.plan import (
    Basis,
    Check,
    FailedObject,
    Level,
    Outcome,
    Permit,
    Plan,
    Progress,
    Result,
    Step,
)
from hubtui.services.actions import rollback
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command

DATABASE = Check("hub database", Level.STOP, "5.5.0 → 5.4.3: restore it first", overridable=True)
RIGHTS = Check("rights", Level.OK, "34 of 34 objects may be written")
CANNOT = Check("helm", Level.STOP, "helm is not there")


@dataclass
class Prepared:
    """What the action will say and do."""

    checks: tuple[Check, ...] = (RIGHTS,)
    outcome: Outcome = field(default_factory=lambda: Outcome(Result.OK, "Revision 3 is deployed"))
    during: signal.Signals | None = None
    applied: list[Plan] = field(default_factory=list)

    async def plan(self, session: Any, request: rollback.RollbackRequest) -> Plan:
        if request.revision > 2:
            raise NotFoundError("Release hub has no revision 9", status=404)
        return Plan(
            id="an-id",
            action="rollback",
            title=f"Roll back hub to revision {request.revision}",
            summary="revision 2 → 1, which becomes revision 3",
            context="test",
            server="http://127.0.0.1:1",
            namespace="hub",
            release="hub",
            targets=("release hub",),
            checks=self.checks,
            notices=("The hub restarts.",),
            undo="roll back to 2",
            confirm="hub",
            basis=Basis.of({"revision": "2"}),
            command="helm rollback hub 1",
            permits=(Permit("rollback", "helm", "hub", "hub"),),
        )

    async def apply(self, session: Any, plan: Plan, token: Any, report: Any) -> Outcome:
        await report.begin()
        self.applied.append(plan)
        report.progress(Progress(steps=(Step("Deployment", "hub", 0, 1),)))
        await asyncio.sleep(0)
        if self.during is not None:
            os.kill(os.getpid(), self.during)
            await asyncio.sleep(600)
        return self.outcome


@pytest.fixture
def action(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    prepared = Prepared()
    monkeypatch.setattr(rollback, "plan", prepared.plan)
    monkeypatch.setattr(rollback, "apply", prepared.apply)
    return prepared


@pytest.mark.parametrize("options", [[], ["--read-only"]])
def test_without_a_name_the_plan_is_printed_and_nothing_happens(
    hubtui: Command, action: Prepared, options: list[str]
) -> None:
    found = hubtui(*options, "rollback", "1")
    assert (found.code, found.err, action.applied) == (0, "", [])
    for words in (
        "Roll back hub to revision 1",
        "34 of 34 objects may be written",
        "The hub restarts.",
        "helm rollback hub 1",
        "roll back to 2",
        Basis.of({"revision": "2"}).digest,
        "To go on: --confirm hub",
    ):
        assert words in found.out


def test_the_plan_as_a_document(hubtui: Command, action: Prepared) -> None:
    action.checks = (RIGHTS, DATABASE)
    found = hubtui("rollback", "1", "--json").document
    assert (found["kind"], found["action"], found["result"]) == ("plan", "rollback", None)
    assert found["targets"] == ["release hub"]
    assert found["confirm"] == "hub"
    assert found["command"] == "helm rollback hub 1"
    assert found["basis"] == Basis.of({"revision": "2"}).digest
    assert [(c["name"], c["level"], c["overridable"]) for c in found["checks"]] == [
        ("rights", "ok", False),
        ("hub database", "stop", True),
    ]


def test_the_name_starts_it(hubtui: Command, action: Prepared) -> None:
    found = hubtui("rollback", "1", "--confirm", "hub")
    assert (found.code, found.err) == (0, "")
    assert "Revision 3 is deployed" in found.out
    assert len(action.applied) == 1
    (entry,) = hubtui("journal", "--json").document["items"]
    assert (entry["action"], entry["release"]) == ("rollback", "hub")
    assert entry["outcome"]["result"] == "ok"
    assert "Roll back hub to revision 1" in hubtui("journal").out


def test_the_outcome_as_a_document(hubtui: Command, action: Prepared) -> None:
    found = hubtui("rollback", "1", "--confirm", "hub", "--json").document
    assert (found["kind"], found["action"], found["result"]) == ("outcome", "rollback", "ok")
    assert found["outcome"]["summary"] == "Revision 3 is deployed"


@pytest.mark.parametrize("result", [Result.FAILED, Result.INTERRUPTED, Result.UNVERIFIED])
def test_a_failure_ends_with_one_and_says_what_can_be_done(
    hubtui: Command, action: Prepared, result: Result
) -> None:
    action.outcome = Outcome(
        result,
        "Revision 3 failed",
        words="Error: [red]timed out[/red]\x1b[2J",
        failed=(FailedObject("Deployment", "hub", "ImagePullBackOff"),),
        next_steps=("Roll back to 2.",),
    )
    found = hubtui("rollback", "1", "--confirm", "hub")
    assert found.code == 1
    for words in (r"[red]timed out[/red]\x1b[2J", "Deployment/hub", "Roll back to 2."):
        assert words in found.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--confirm", "hup"], "'hup' is not 'hub'"),
        (["--confirm", "hub", "--expect", "000000000000"], "has changed since"),
        (["--confirm", "hub", "--read-only"], "hubtui is read-only"),
    ],
)
def test_a_refusal_ends_with_three_and_writes_nothing(
    hubtui: Command, action: Prepared, options: list[str], said: str
) -> None:
    found = hubtui("rollback", "1", *options)
    assert (found.code, found.out, action.applied) == (3, "", [])
    assert said in found.err
    assert "Nothing was written." in found.err
    assert hubtui("journal", "--json").document["items"] == []


def test_the_basis_that_was_seen_may_be_expected(hubtui: Command, action: Prepared) -> None:
    basis = hubtui("rollback", "1", "--json").document["basis"]
    assert hubtui("rollback", "1", "--confirm", "hub", "--expect", basis).code == 0


def test_a_check_that_stops_is_passed_by_its_name_only(hubtui: Command, action: Prepared) -> None:
    action.checks = (DATABASE,)
    plan = hubtui("rollback", "1")
    assert "It is stopped by: hub database." in plan.out
    assert "--override hub-database" in plan.out
    assert hubtui("rollback", "1", "--confirm", "hub").code == 3
    assert hubtui("rollback", "1", "--confirm", "hub", "--override", "nonsense").code == 2
    assert action.applied == []
    assert hubtui("rollback", "1", "--confirm", "hub", "--override", "hub-database").code == 0
    (entry,) = hubtui("journal", "--json").document["items"]
    assert entry["overrides"] == ["hub database"]


def test_a_check_that_cannot_be_passed(hubtui: Command, action: Prepared) -> None:
    action.checks = (CANNOT, DATABASE)
    plan = hubtui("rollback", "1").out
    assert "It is stopped by: helm, hub database." in plan
    assert "Mend what stops it, then plan again." in plan
    assert "--override" not in plan, "the other stop would be left"
    assert "--confirm" not in plan
    found = hubtui("rollback", "1", "--confirm", "hub", "--override", "helm")
    assert (found.code, action.applied) == (3, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_says_that_it_goes_on(
    hubtui: Command, action: Prepared, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    action.during = number
    found = hubtui("rollback", "1", "--confirm", "hub")
    assert (found.code, found.out) == (1, "")
    assert "helm goes on by itself" in found.err
    assert "`hubtui status`" in found.err
    assert signal.getsignal(number) is before
    (entry,) = hubtui("journal", "--json").document["items"]
    assert entry["outcome"] is None
