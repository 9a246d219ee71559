"""Who deployed last, with what it is known from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hubtui.model.managed_fields import Owner, Owners
from hubtui.model.plan import Level
from hubtui.model.redact import MASK, Redactor
from hubtui.model.release import Status
from hubtui.services.actions.release_last import verdict
from hubtui.services.journal import Entry
from tests.unit.test_rollback_checks import NOW, facts, head, side

HELM = Owner("Helm", NOW - timedelta(minutes=60))
OURS = Entry(id="1", at=NOW, who="ada@laptop", action="upgrade")


def said(written: Owner | None = HELM, entry: Entry | None = None, described: str = "") -> str:
    current = side(12)
    assert current.payload is not None
    payload = replace(
        current.payload,
        description=described or "Commit 0123456789ab (prod) by Ada",
        last_deployed=NOW - timedelta(minutes=61),
    )
    both = facts(replace(current, payload=payload), side(13))
    found = verdict(
        replace(both, redactor=Redactor(live=frozenset(["geheim-1"]))), written, entry, NOW
    )
    assert found.level is Level.OK
    return found.evidence


def test_the_revision_its_writer_and_our_journal_are_told() -> None:
    assert said(entry=OURS) == (
        "revision 12, deployed 1 h 1 m ago, jupyterhub-4.4.0: Commit 0123456789ab (prod) by Ada; "
        "its record was written by Helm 1 h ago; in this machine's journal: upgrade by ada@laptop"
    )


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (Owner("helm-controller", None), "written by helm-controller; not from this machine's"),
        (None, "? the server does not say which program wrote it"),
    ],
)
def test_what_is_not_known_is_not_claimed(written: Owner | None, says: str) -> None:
    assert says in said(written)


def test_a_description_hides_what_is_secret() -> None:
    assert f"token {MASK};" in said(described="token geheim-1")


def test_a_failed_revision_since_then_is_told() -> None:
    both = facts(side(12), side(14))
    newest = head(13, Status.FAILED)
    found = verdict(replace(both, heads=(newest, *both.heads)), HELM, None, NOW)
    assert found.level is Level.WARN
    assert found.evidence.endswith("since then revision 13 is failed")


def test_who_wrote_last_is_the_latest_entry() -> None:
    def entry(manager: str, time: str) -> dict[str, object]:
        return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": {}}

    fields = [entry("Helm", "2026-11-23T10:00:00Z"), entry("kubectl-edit", "2026-11-23T11:00:00Z")]
    found = Owners.of({"metadata": {"managedFields": fields}}).last()
    assert found is not None
    assert found.manager == "kubectl-edit"
    assert Owners.of({}).last() is None
