"""What a revision takes away for good."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.model.plan import Level
from hubtui.services.actions.release_removed import check
from tests.unit.test_rollback_checks import facts, side, thing


def annotated(item: dict[str, Any], policy: str) -> dict[str, Any]:
    annotations = {"helm.sh/resource-policy": policy}
    return {**item, "metadata": {**item["metadata"], "annotations": annotations}}


CLAIM = thing("PersistentVolumeClaim", name="hub-db-dir")


def test_the_volume_of_a_claim_that_is_removed_goes_with_it() -> None:
    found = check(facts(side(12, objects=(CLAIM, thing("Service"))), side(13)), "hub")
    assert found is not None
    assert (found.level, found.overridable) == (Level.STOP, True)
    assert found.evidence == (
        "PersistentVolumeClaim/hub-db-dir goes, with its volume, unless the volume's class keeps "
        "it: no rollback brings that back"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((CLAIM,), (CLAIM,)),
        ((annotated(CLAIM, "keep"),), ()),
        ((thing("Service"), thing("StatefulSet", "apps/v1")), ()),
        ((), (CLAIM,)),
    ],
    ids=["stays", "kept", "made again", "added"],
)
def test_what_stays_or_is_made_again_is_no_loss(
    before: tuple[dict[str, Any], ...], after: tuple[dict[str, Any], ...]
) -> None:
    assert check(facts(side(12, objects=before), side(13, objects=after)), "hub") is None


def test_a_revision_that_cannot_be_read_removes_nothing() -> None:
    assert check(facts(side(12, objects=(CLAIM,)), side(13, error="not rendered")), "hub") is None
