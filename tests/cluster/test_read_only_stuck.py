"""In read-only a release that is stuck can be looked at, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button

from hubtui.cli import run
from hubtui.services.actions import release_pending
from hubtui.services.journal import Journal
from tests.cluster.evidence import Evidence
from tests.cluster.read_only import ON_REAL, SIZE, assert_only_read, settings_of
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed import Testbed
from tests.tui.walk import StayingApp, Walk

pytestmark = [ON_REAL, pytest.mark.usefixtures("own_state")]


@pytest.fixture
def stuck(small: SmallRelease, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where a release is whose newest revision is pending."""
    small.set_status(3, "pending-upgrade")
    monkeypatch.setattr(release_pending, "GRACE", 0.0)
    return {"namespace": small.namespace, "release": NAME}


async def test_no_key_at_a_stuck_release_writes(
    testbed: Testbed, readonly_admin: Path, evidence: Evidence, stuck: dict[str, str]
) -> None:
    app = StayingApp(settings_of(testbed, readonly_admin, read_only=True, **stuck))
    async with app.run_test(size=SIZE) as pilot:
        walk = Walk(app, pilot)
        await walk.here(("R",))
        await walk.confirm(("R", "enter"), NAME)
        assert app.screen.query_one("#confirm-go", Button).disabled
        assert app.session is not None
        assert app.session.operations.all == []
    (place,) = walk.pressed
    assert place.screen == "RecoverScreen"
    assert len(walk.pressed[place]) > 10
    assert_only_read(evidence)


def test_no_recovery_is_written(
    testbed: Testbed,
    readonly_admin: Path,
    evidence: Evidence,
    stuck: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HUBTUI_HELM", str(testbed.helm()))
    where = ["--namespace", stuck["namespace"], "--release", stuck["release"]]
    flags = ["--kubeconfig", str(readonly_admin), *where, "--read-only", "recover"]
    keep = tmp_path / "kept.json"
    assert run(flags) == 0
    for way in (["rollback"], ["mark-failed", "--save", str(keep)]):
        assert run([*flags, "--way", *way]) == 0
        assert run([*flags, "--way", *way, "--confirm", NAME]) == 3
    assert not keep.exists()
    assert not Journal().path.exists()
    assert_only_read(evidence)
