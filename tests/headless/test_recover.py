"""`hubtui recover` as a script uses it: the ways out, their plans, refusals and exit codes.

What it does to a cluster is proved in tests/cluster.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hubtui.services.actions import release_pending
from tests.headless.apiserver import ApiServer
from tests.headless.cluster import helm_secret
from tests.headless.conftest import Command
from tests.headless.test_small_verbs import written
from tests.releases import CLIENT_SECRET, packed, release, values

NAME = "sh.helm.release.v1.hub.v3"


@pytest.fixture(autouse=True)
def no_helm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that is only looked at needs none; nor is anybody waited for."""
    monkeypatch.setenv("HUBTUI_HELM", "/nowhere/helm")
    monkeypatch.setattr(release_pending, "GRACE", 0.0)


def pending(status: str = "pending-upgrade", minutes: float = 43) -> dict[str, Any]:
    """Revision 3, which nobody works on."""
    stored = helm_secret(3, status, packed(release(3, values(tag="2026.12"), others=1)))
    since = datetime.now(UTC) - timedelta(minutes=minutes)
    stored["metadata"]["creationTimestamp"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return stored


@pytest.fixture
def stuck(applied: ApiServer) -> ApiServer:
    applied.objects.append(pending())
    return applied


def test_without_a_way_both_are_told_with_what_speaks_for_each(
    hubtui: Command, stuck: ApiServer
) -> None:
    found = hubtui("recover")
    assert (found.code, found.err, written(stuck)) == (0, "", [])
    for words in (
        "Release hub is stuck: revision 3 is pending-upgrade",
        "no helm seen from here: this is the way out",
        "Roll back to revision 2",
        "revision 3 is pending-upgrade: revision 3 → 2, which becomes revision 4",
        "for         Helm's own way",
        "hubtui recover --way rollback",
        "Mark revision 3 as failed",
        "against     What revision 3 had applied stays",
        "hubtui recover --way mark-failed --save FILE",
        "Nothing was changed",
    ):
        assert words in found.out
    assert CLIENT_SECRET not in found.out


def test_the_ways_as_a_document(hubtui: Command, stuck: ApiServer) -> None:
    found = hubtui("recover", "--json", "--read-only").document
    assert (found["kind"], found["revision"], found["status"], found["back"]) == (
        "recover", 3, "pending-upgrade", 2
    )  # fmt: skip
    assert [way["way"] for way in found["ways"]] == ["rollback", "mark-failed"]
    assert all(way["speaks_for"] and way["against"] for way in found["ways"])
    assert [check["name"] for check in found["checks"]] == [
        "nothing is running", "helm on this machine", "hooks", "last deployed"
    ]  # fmt: skip
    assert written(stuck) == []


def test_the_plan_of_marking(hubtui: Command, stuck: ApiServer, tmp_path: Path) -> None:
    keep = tmp_path / "kept.json"
    found = hubtui("recover", "--way", "mark-failed", "--save", str(keep), "--json").document
    assert (found["action"], found["confirm"]) == ("recover", "hub")
    assert found["targets"] == [f"Secret {NAME}"]
    assert not [check for check in found["checks"] if check["level"] == "stop"]
    assert found["undo"] == f"kubectl replace -f {keep} --context test --kubeconfig " + str(
        tmp_path / "kubeconfig"
    )
    assert "holds the release's values and manifests, secrets among them" in str(found["notices"])
    assert CLIENT_SECRET not in str(found)
    assert not keep.exists()
    assert written(stuck) == []


def test_the_plan_of_rolling_back_is_that_of_a_rollback(hubtui: Command, stuck: ApiServer) -> None:
    found = hubtui("recover", "--way", "rollback", "--json").document
    assert (found["action"], found["title"]) == ("rollback", "Roll back hub to revision 2")
    names = [check["name"] for check in found["checks"]]
    assert {"helm on this machine", "hooks", "nothing is running", "target is complete"} <= {*names}
    assert found["undo"] == "upgrade again; revision 3 stays in the history as it is"
    assert written(stuck) == []


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--confirm", "hub"], 2, "Which way is not said"),
        (["--save", "x"], 2, "Which way is not said"),
        (["--way", "rollback", "--save", "x"], 2, "--save goes with --way mark-failed"),
        (["--way", "force"], 2, "is not one of"),
        (["--way", "mark-failed", "--save", "~nobody-at-all/x"], 2, "no name of a file"),
        (["--way", "mark-failed", "--confirm", "hub"], 3, "none is named"),
        (["--way", "mark-failed", "--save", "new", "--confirm", "hup"], 3, "'hup' is not 'hub'"),
        (
            ["--way", "mark-failed", "--save", "new", "--confirm", "hub", "--read-only"],
            3,
            "read-only",
        ),
        (["--way", "mark-failed", "--save", "/", "--confirm", "hub"], 3, "exists already"),
    ],
)
def test_what_is_not_done(
    hubtui: Command,
    stuck: ApiServer,
    options: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    found = hubtui("recover", *options)
    assert (found.code, written(stuck)) == (code, [])
    assert said in found.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("status", ["deployed", "failed", "uninstalling"])
def test_a_release_that_is_not_stuck_is_left_alone(
    hubtui: Command, applied: ApiServer, status: str
) -> None:
    applied.objects.append(pending(status))
    for options in ([], ["--way", "rollback"], ["--way", "mark-failed", "--save", "x"]):
        found = hubtui("recover", *options)
        assert found.code == 3
        assert f"is not stuck: revision 3 is {status}" in found.err


def test_a_revision_that_cannot_be_read_is_a_stop(hubtui: Command, applied: ApiServer) -> None:
    applied.objects.append(pending())
    applied.objects[-1]["data"]["release"] = "bm90IGEgcmVsZWFzZQ=="
    found = hubtui("recover", "--way", "mark-failed", "--save", "x", "--confirm", "hub")
    assert found.code == 3
    assert "revision 3 cannot be read, and so not be marked" in found.err
    assert written(applied) == []
