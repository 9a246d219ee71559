"""What the reading commands answer, as text for people and as JSON for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import yaml

from hubtui.model.redact import MASK
from tests.headless import cluster
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command
from tests.releases import CLIENT_SECRET, TOKEN, hub_objects, manifest, packed, release, values

ENVELOPE = ["schema", "kind", "context", "namespace", "release", "as_of"]
READS = [
    ("status", "value"),
    ("releases", "items"),
    ("history", "items"),
    ("diff 1", "changes"),
    ("values", "value"),
    ("pods", "items"),
    ("logs hub-7d9", "items"),
    ("why hub", "items"),
    ("events", "items"),
    ("journal", "items"),
    ("config", "items"),
]


@pytest.mark.parametrize(("line", "holds"), READS)
def test_json_is_one_document_of_the_agreed_shape(
    hubtui: Command, api: ApiServer, line: str, holds: str
) -> None:
    found = hubtui(*line.split(), "--json")
    document = found.document
    assert (found.code, found.err) == (0, "")
    assert list(document)[:6] == ENVELOPE
    assert document["schema"] == 1
    assert document["kind"] == line.split()[0]
    assert datetime.fromisoformat(document["as_of"]).tzinfo is not None
    assert holds in document
    assert document["notes"] == []


@pytest.mark.parametrize("line", [line for line, _ in READS if not line.startswith("conf")])
def test_no_answer_holds_a_secret(hubtui: Command, api: ApiServer, line: str) -> None:
    for argv in (line.split(), [*line.split(), "--json"]):
        found = hubtui(*argv)
        assert found.code == 0
        assert CLIENT_SECRET not in found.out
        assert TOKEN not in found.out


def test_the_status_names_the_hub_its_versions_and_what_is_not_up(
    hubtui: Command, api: ApiServer
) -> None:
    found = hubtui("status")
    assert found.out.splitlines()[0].split() == ["hub", "test", "/", "hub", "/", "hub"]
    assert "jupyterhub 4.4.0 · JupyterHub 5.5.0" in found.out
    assert "2 ● deployed" in found.out
    (proxy,) = [line for line in found.out.splitlines() if "proxy" in line]
    assert "0/1" in proxy
    assert "ImagePullBackOff" in proxy


def test_the_status_counts_roles(hubtui: Command, api: ApiServer) -> None:
    roles = {r["role"]: r for r in hubtui("status", "--json").document["value"]["roles"]}
    assert roles["proxy"]["not_up"] == {"ImagePullBackOff": 1}
    assert roles["proxy"]["severity"] == "now"
    assert (roles["users"]["ready"], roles["hub"]["expected"]) == (2, 1)
    assert roles["continuous-image-puller"]["ready"] == 0
    assert roles["continuous-image-puller"]["expected"] == 3


def test_releases_begin_with_the_hub(hubtui: Command, api: ApiServer) -> None:
    header, *rows = hubtui("releases").out.splitlines()
    assert header.split()[:3] == ["RELEASE", "REVISION", "STATUS"]
    assert [row.split()[0] for row in rows] == ["hub", "support"]
    items = hubtui("releases", "--json").document["items"]
    assert [(i["release"], i["revision"], i["chart_version"]) for i in items] == [
        ("hub", 2, "4.4.0"),
        ("support", 4, "1.2.3"),
    ]


def test_history_of_the_hub_and_of_another_release(hubtui: Command, api: ApiServer) -> None:
    assert [i["revision"] for i in hubtui("history", "--json").document["items"]] == [2, 1]
    (other,) = hubtui("history", "support", "--json").document["items"]
    assert (other["revision"], other["app_version"]) == (4, "9")
    assert other["updated"] == "2026-05-02T13:04:05Z"


def test_a_hub_in_another_chart_has_the_name_and_the_version_of_its_own(
    hubtui: Command, api: ApiServer
) -> None:
    objects = hub_objects(values(), prefix="basehub/charts/jupyterhub")
    parent = release(3, {"jupyterhub": values()}, manifest=manifest(objects))
    parent["chart"] = {
        "metadata": {"name": "basehub", "version": "0.1", "dependencies": [{"name": "jupyterhub"}]}
    }
    api.objects.append(cluster.helm_secret(3, "deployed", packed(parent)))
    newest, *_ = hubtui("history", "--json").document["items"]
    assert (newest["chart"], newest["chart_version"]) == ("jupyterhub", "4.4.0")
    assert "jupyterhub-4.4.0" in hubtui("history").out.splitlines()[1]


def test_a_broken_payload_costs_its_own_row(hubtui: Command, api: ApiServer) -> None:
    api.objects.append(cluster.helm_secret(3, "failed", "bm90IGEgcmVsZWFzZQ=="))
    found = hubtui("history", "--json")
    newest, *older = found.document["items"]
    assert found.code == 0
    assert newest["revision"] == 3
    assert newest["error"]
    assert [item["error"] for item in older] == ["", ""]
    assert [note["source"] for note in found.document["notes"]] == ["hub revision 3"]
    text = hubtui("history")
    assert text.code == 0
    assert "hub revision 3" in text.err
    assert text.out.splitlines()[-1] == "3 failed, 2 stays deployed: compare 2 with 3"


def test_a_diff_reads_from_the_older_to_the_newer(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("diff", "1", "2")
    assert found.out.startswith("1 → 2")
    assert "singleuser.image.tag" in found.out
    assert hubtui("diff", "1").out == found.out
    (change,) = hubtui("diff", "1", "2", "--json").document["changes"]["values"]
    assert (change["before"], change["after"]) == ("2026.09", "2026.11")


def test_a_revision_against_itself_differs_in_nothing(hubtui: Command, api: ApiServer) -> None:
    assert hubtui("diff", "2").out == "Nothing differs between 2 and 2.\n"


def test_values_are_yaml_that_was_given_or_computed(hubtui: Command, api: ApiServer) -> None:
    given = yaml.safe_load(hubtui("values").out)
    assert given["singleuser"]["memory"] == {"limit": "4G"}
    assert given["hub"]["config"]["GitHubOAuthenticator"]["client_secret"] == MASK
    assert yaml.safe_load(hubtui("values", "1").out)["singleuser"]["image"]["tag"] == "2026.09"
    computed = yaml.safe_load(hubtui("values", "--all").out)
    assert computed["singleuser"]["memory"] == {"limit": "4G", "guarantee": "1G"}


def test_a_live_secret_is_masked_wherever_it_stands(hubtui: Command, api: ApiServer) -> None:
    config = {"hub": {"extraConfig": {"login": f"connect('{cluster.SECRET}')"}}}
    api.objects += [
        cluster.helm_secret(3, "deployed", packed(release(3, config, others=0, manifest=""))),
        {
            "kind": "Secret",
            "metadata": {"name": "db", "namespace": "hub"},
            "type": "Opaque",
            "data": {"where": "b3BlbnNlc2FtZS1vZi10aGUtbGl2ZS1zZWNyZXQ="},
        },
    ]
    found = hubtui("values")
    assert "extraConfig" in found.out
    assert cluster.SECRET not in found.out


def test_pods_are_shown_as_in_the_pane(hubtui: Command, api: ApiServer) -> None:
    folded = hubtui("pods").out
    assert "alice" not in folded
    assert "└ proxy-5c4" in folded
    assert "└ alice" in hubtui("pods", "--all").out
    assert "└ alice" in hubtui("pods", "--role", "users").out
    assert "proxy" not in hubtui("pods", "--role", "users").out
    assert "└ alice" in hubtui("pods", "--filter", "user:alice").out


def test_pods_as_json_are_all_of_them(hubtui: Command, api: ApiServer) -> None:
    items = hubtui("pods", "--json").document["items"]
    assert len(items) == 4
    proxy = next(item for item in items if item["role"] == "proxy")
    assert (proxy["status"], proxy["ready"], proxy["restarts"]) == ("ImagePullBackOff", 0, 2)
    assert isinstance(proxy["age_seconds"], int)
    (alice,) = hubtui("pods", "--filter", "user:alice", "--json").document["items"]
    assert (alice["user"], alice["created"]) == ("alice", "2026-05-02T13:04:05Z")


def test_reading_once_opens_no_watch(hubtui: Command, api: ApiServer) -> None:
    for line, _ in READS:
        assert hubtui(*line.split()).code == 0
    assert api.requests
    assert not [query for _, _, query in api.requests if "watch" in query]
    assert {verb for verb, _, _ in api.requests} == {"GET"}


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        (["--tail", "7"], {"tailLines": "7"}),
        (["--since", "10m"], {"sinceSeconds": "600"}),
        (["--previous"], {"previous": "true"}),
        (["-c", "main"], {"container": "main"}),
    ],
)
def test_logs_ask_for_what_is_wanted(
    hubtui: Command, api: ApiServer, asked: list[str], query: dict[str, str]
) -> None:
    api.logs["hub-7d9"] = b"one\ntwo\n"
    assert hubtui("logs", "hub-7d9", *asked).out == "one\ntwo\n"
    sent = next(sent for _, path, sent in api.requests if path.endswith("/log"))
    assert query.items() <= sent.items()


@pytest.mark.parametrize("name", ["hub", "alice"])
def test_a_role_or_a_user_stands_for_the_only_pod(
    hubtui: Command, api: ApiServer, name: str
) -> None:
    api.logs.update({"hub-7d9": b"a log\n", "jupyter-alice": b"a log\n"})
    assert hubtui("logs", name).out == "a log\n"


def test_followed_logs_are_one_document_a_line(hubtui: Command, api: ApiServer) -> None:
    api.logs["hub-7d9"] = b"one\ntwo\n"
    lines = hubtui("logs", "hub", "-f", "--json").out.splitlines()
    documents = [yaml.safe_load(line) for line in lines]
    found = [[item["line"] for item in document["items"]] for document in documents]
    assert found == [["one"], ["two"]]


def harmful(text: str) -> list[str]:
    return [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160]


@pytest.mark.parametrize(
    "argv", [["pods", "--all"], ["pods", "--json"], ["logs", "hub"], ["logs", "hub", "--json"]]
)
def test_markup_and_terminal_codes_are_shown_not_obeyed(
    hubtui: Command, api: ApiServer, argv: list[str]
) -> None:
    api.logs["hub-7d9"] = cluster.EVIL.encode() + b"\xff\n"
    found = hubtui(*argv)
    assert found.code == 0
    assert "[red]eve[/red]" in found.out
    assert "x1b" in found.out
    assert harmful(found.out) == []


def test_settings_say_where_they_come_from(
    hubtui: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTUI_NAMESPACE", "from-the-environment")
    found: list[dict[str, Any]] = hubtui("config", "--slow", "--json").document["items"]
    by_name = {item["name"]: (item["value"], item["source"]) for item in found}
    assert by_name["namespace"] == ("from-the-environment", "environment")
    assert by_name["slow"] == (True, "command line")
    assert by_name["helm_driver"] == ("secret", "default")


def test_a_screen_over_ssh_is_a_slow_one(hubtui: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_TTY", "/dev/pts/0")
    found = hubtui("config", "--json").document["items"]
    assert {"name": "slow", "value": True, "source": "SSH_TTY"} in found


@pytest.mark.parametrize("command", ["releases", "history", "status"])
@pytest.mark.parametrize("shape", [[], ["--json"]], ids=["text", "json"])
def test_a_description_that_repeats_a_secret_is_masked(
    hubtui: Command, api: ApiServer, command: str, shape: list[str]
) -> None:
    failed = release(3, values(), others=1)
    words = f'Upgrade failed: Invalid value: "{CLIENT_SECRET}": too short'
    failed["info"] = {"status": "failed", "description": words}
    api.objects.append(cluster.helm_secret(3, "failed", packed(failed)))
    found = hubtui(command, *shape)
    assert found.code == 0
    assert CLIENT_SECRET not in found.out + found.err
    assert "Upgrade failed: Invalid value:" in found.out
