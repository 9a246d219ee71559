"""`problems` and the counts of `status`: in words, as a document, with what could not be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.headless import cluster
from tests.headless.apiserver import PLURALS, ApiServer
from tests.headless.conftest import Command


@pytest.fixture(autouse=True)
def quotas(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server knows quotas too."""
    monkeypatch.setitem(PLURALS, "ResourceQuota", "resourcequotas")


@pytest.fixture
def calm(api: ApiServer) -> ApiServer:
    """The hub without the proxy that cannot be pulled."""
    api.objects = [each for each in api.objects if each["metadata"]["name"] != "proxy-5c4"]
    api.objects.append(cluster.pod("proxy-5c4", "proxy"))
    return api


def pending(seconds: float) -> dict[str, Any]:
    """A revision that has been pending for so long."""
    stored = cluster.helm_secret(3, "pending-upgrade", "")
    since = datetime.now(UTC) - timedelta(seconds=seconds)
    stored["metadata"]["creationTimestamp"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return stored


def test_a_calm_hub_is_a_sentence_and_an_empty_list(hubtui: Command, calm: ApiServer) -> None:
    found = hubtui("problems")
    assert (found.code, found.out) == (0, "No problem is known.\n")
    document = hubtui("problems", "--json").document
    assert (document["kind"], document["items"]) == ("problems", [])
    (note,) = document["notes"]  # no alarm, and it is said that the hub was not asked
    assert (note["source"], note["reason"].partition(":")[0]) == (
        "hub",
        "There is no token for the hub",
    )


def test_a_problem_is_told_with_the_command_that_starts_the_fix(
    hubtui: Command, calm: ApiServer
) -> None:
    calm.objects.append(pending(3000))
    found = hubtui("problems")
    assert found.code == 0
    assert "✗ Release hub is stuck: revision 3 stays pending-upgrade · 50 m" in found.out
    assert "Roll back to revision 2 · hubtui rollback 2" in found.out
    (item,) = hubtui("problems", "--json").document["items"]
    assert (item["incident"], item["level"]) == ("pending-release", "now")
    assert [fix["command"] for fix in item["fixes"]] == ["hubtui recover", "hubtui rollback 2"]
    assert item["targets"] == [{"kind": "release", "name": "hub"}]
    assert item["since"].endswith("Z")
    assert {"source", "words", "at", "warning"} == set(item["evidence"][0])
    assert item["runbook"] == "pending-release"


def test_a_young_pending_revision_is_none(hubtui: Command, calm: ApiServer) -> None:
    calm.objects.append(pending(30))
    assert hubtui("problems", "--json").document["items"] == []


def test_an_image_that_cannot_be_pulled_is_explained(hubtui: Command, api: ApiServer) -> None:
    (item,) = hubtui("problems", "--json").document["items"]
    assert item["incident"] == "image-pull"
    assert item["title"] == "Image img:1 cannot be pulled on node-1: proxy waits"
    assert any(each["source"] == "finding" for each in item["evidence"])


@pytest.mark.parametrize("denied", ["resourcequotas", "jobs", "deployments", "secrets", "pods"])
def test_a_denied_source_is_a_note(hubtui: Command, calm: ApiServer, denied: str) -> None:
    calm.denied.add(denied)
    found = hubtui("problems", "--json")
    assert found.code == 0
    assert any(denied in note["reason"] for note in found.document["notes"])


def test_without_pods_and_releases_there_is_no_answer(hubtui: Command, calm: ApiServer) -> None:
    calm.denied |= {"pods", "secrets"}
    found = hubtui("problems")
    assert found.code == 1
    assert "no right to list" in found.err


def test_without_pods_nothing_is_called_well(hubtui: Command, calm: ApiServer) -> None:
    calm.denied.add("pods")
    found = hubtui("problems")
    assert "Nothing can be said." in found.out
    assert "pods: " in found.err


def test_only_reads_are_sent(hubtui: Command, api: ApiServer) -> None:
    hubtui("problems")
    assert {method for method, _, _ in api.requests} == {"GET"}


def test_status_counts_them(hubtui: Command, api: ApiServer) -> None:
    assert "problems  ✗ 1 now · hubtui problems" in hubtui("status").out
    assert hubtui("status", "--json").document["value"]["problems"] == {"now": 1, "soon": 0}


def test_a_runbook_asks_no_cluster(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("problems", "--runbook", "db-schema")
    assert found.code == 0
    assert "Can't locate revision identified by" in found.out
    assert api.requests == []
    document = hubtui("problems", "--runbook", "db-schema", "--json").document
    assert document["kind"] == "runbook"
    assert document["items"][0]["path"] == ""


def test_ones_own_runbook_is_printed_first(
    hubtui: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "core.md").write_text("# Call Ana \x1b]52;c;aGk=\x07")
    monkeypatch.setenv("HUBTUI_RUNBOOKS", str(tmp_path / "books"))
    found = hubtui("problems", "--runbook", "core")
    assert found.out.index("Call Ana") < found.out.index("A part of the core is down")
    assert "\x1b" not in found.out


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("/nowhere/at/all", "No such file or directory"),
        ("~no-such-user/runbooks", "no home folder"),
    ],
)
def test_a_folder_that_is_not_there_is_a_note(
    hubtui: Command, monkeypatch: pytest.MonkeyPatch, folder: str, words: str
) -> None:
    monkeypatch.setenv("HUBTUI_RUNBOOKS", folder)
    found = hubtui("problems", "--runbook", "core")
    assert found.code == 0
    assert "A part of the core is down" in found.out
    assert words in found.err


def test_an_incident_there_is_not_is_a_usage_error(hubtui: Command) -> None:
    found = hubtui("problems", "--runbook", "flood")
    assert found.code == 2
    assert "Incidents are: pending-release, " in found.err
