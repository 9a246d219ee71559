"""What a plan rests on, what stops it, and how it reads as JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.plan import Basis, Check, Level, Outcome, Plan, Result, Step, StepState

NAMES = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=5)


def plan(*checks: Check) -> Plan:
    return Plan(
        id="one",
        action="rollback",
        title="Roll back hub to revision 11",
        summary="revision 12 → 11, which becomes revision 13",
        context="prod",
        server="https://example.org",
        namespace="hub",
        release="hub",
        targets=("release hub", "revision 11"),
        checks=checks,
        confirm="hub",
        basis=Basis.of({"newest revision": "12"}),
        command="helm rollback hub 11",
    )


@given(NAMES, NAMES)
def test_the_digest_changes_when_anything_does(
    before: dict[str, str], after: dict[str, str]
) -> None:
    one, two = Basis.of(before), Basis.of(after)
    assert (one.digest == two.digest) == (before == after)
    assert bool(one.changed(two)) == (before != after)


def test_what_changed_is_named() -> None:
    before = Basis.of({"newest revision": "12", "server": "a"})
    after = Basis.of({"newest revision": "13", "server": "a", "target": "11"})
    assert before.changed(after) == ("newest revision: 12 → 13", "target: absent → 11")


def test_a_stop_is_passed_by_its_name_where_that_is_allowed() -> None:
    fine = Check("rights", Level.OK, "all")
    database = Check("hub database", Level.STOP, "older", overridable=True)
    target = Check("target is complete", Level.STOP, "broken")
    made = plan(fine, database, target)
    assert made.stops == (database, target)
    assert made.blocked_by() == (database, target)
    assert made.blocked_by(["hub database", "target is complete"]) == (target,)
    assert plan(fine, database).blocked_by(["hub database"]) == ()


def test_the_documents_are_json() -> None:
    made = plan(Check("rights", Level.WARN, "some")).to_json()
    assert json.loads(json.dumps(made)) == made
    assert made["checks"] == [
        {
            "name": "rights",
            "level": "warn",
            "evidence": "some",
            "overridable": False,
            "details": [],
        }
    ]
    assert made["basis"] == Basis.of({"newest revision": "12"}).digest
    assert made["confirm"] == "hub"
    step = Step("Deployment", "hub", 1, 1, 1, StepState.DONE)
    outcome = Outcome(Result.OK, "done", steps=(step,), revision=13).to_json()
    assert json.loads(json.dumps(outcome)) == outcome
    assert outcome["result"] == "ok"
    assert outcome["steps"][0]["state"] == "done"
