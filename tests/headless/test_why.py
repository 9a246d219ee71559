"""`why` and `events`: an explanation in words and as JSON, and what the cluster said."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.headless import cluster
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command


@pytest.fixture
def api(api: ApiServer) -> ApiServer:
    """A hub whose proxy cannot be pulled, with the event that says why."""
    well = {"conditions": [{"type": "Ready", "status": "True"}]}
    api.objects.append({"kind": "Node", "metadata": {"name": "node-1"}, "status": well})
    api.objects += [
        event("proxy-5c4", "Failed", 'Failed to pull image "img:1": no such tag: not found'),
        event("hub-7d9", "Started", "Started container", type="Normal", count=3),
    ]
    return api


def event(pod: str, reason: str, message: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "Event",
        "metadata": {"name": f"{pod}.{reason}", "namespace": "hub"},
        "involvedObject": {"kind": "Pod", "name": pod, "namespace": "hub"},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "lastTimestamp": "2026-05-02T13:05:05Z",
        **more,
    }


@pytest.mark.parametrize("name", ["proxy-5c4", "proxy"])
def test_a_pod_or_a_role_is_explained_in_words(hubtui: Command, api: ApiServer, name: str) -> None:
    found = hubtui("why", name)
    assert found.code == 0
    assert "Image img:1 cannot be pulled on node-1: no such tag: not found." in found.out
    assert "The registry has no such image or tag." in found.out
    assert "(r)" not in found.out
    assert "Evidence" in found.out


def test_the_document_holds_cause_words_and_evidence(hubtui: Command, api: ApiServer) -> None:
    document = hubtui("why", "proxy", "--json").document
    (item,) = document["items"]
    assert (item["cause"], item["pods"], item["severity"]) == ("image-pull", ["proxy-5c4"], "now")
    assert item["why"] == " ".join((item["happened"], item["means"], item["todo"]))
    assert {"source", "words", "at", "warning"} == set(item["evidence"][0])
    assert document["notes"] == []


def test_a_user_is_explained_by_name_and_a_name_that_is_nobodys_is_an_error(
    hubtui: Command, api: ApiServer
) -> None:
    (item,) = hubtui("why", "alice", "--json").document["items"]
    assert (item["cause"], item["users"]) == ("up", ["alice"])
    assert "Container main was restarted" not in item["why"]
    nobody = hubtui("why", "nobody")
    assert nobody.code == 1
    assert "There is no pod, role or user 'nobody'" in nobody.err


def test_what_a_role_lacks_is_said(hubtui: Command, api: ApiServer) -> None:
    (item,) = hubtui("why", "continuous-image-puller", "--json").document["items"]
    assert item["cause"] == "no-pod"
    assert item["happened"] == "3 of 3 pods do not exist."


@pytest.mark.parametrize("denied", ["nodes", "resourcequotas", "events"])
def test_a_denied_source_is_a_note(hubtui: Command, api: ApiServer, denied: str) -> None:
    api.denied.add(denied)
    found = hubtui("why", "proxy-5c4", "--json")
    assert found.code == 0
    assert any(denied in note["reason"] for note in found.document["notes"])
    assert found.document["items"][0]["cause"] == "image-pull"


def test_events_of_all_or_of_one_newest_first(hubtui: Command, api: ApiServer) -> None:
    assert len(hubtui("events").out.splitlines()) == 3
    (item,) = hubtui("events", "hub", "--json").document["items"]
    assert (item["name"], item["reason"], item["times"]) == ("hub-7d9", "Started", 3)
    (warning,) = hubtui("events", "--filter", "status:warning", "--json").document["items"]
    assert warning["reason"] == "Failed"
    assert "No event matches" in hubtui("events", "--filter", "nothing").out


def test_events_that_are_denied_are_an_error(hubtui: Command, api: ApiServer) -> None:
    api.denied.add("events")
    found = hubtui("events")
    assert found.code == 1
    assert "no right to list events" in found.err


def test_an_event_is_not_obeyed(hubtui: Command, api: ApiServer) -> None:
    api.objects.append(event("hub-7d9", "Evil", cluster.EVIL))
    found = hubtui("events")
    assert "\x1b" not in found.out
    assert "[red]eve[/red]" in found.out


def test_events_as_rows(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("events", "--csv")
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert [(row["name"], row["reason"], row["times"]) for row in rows] == [
        ("hub-7d9", "Started", "3"),
        ("proxy-5c4", "Failed", "1"),
    ]
