"""Whatever is wrong gets a sentence on stderr and an exit code; stdout stays empty."""

from __future__ import annotations

import socket
import stat
import threading
from pathlib import Path

import pytest

from hubtui.commands import start
from hubtui.headless.output import Output
from hubtui.services import opening
from tests.headless import cluster
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command
from tests.releases import packed, release

READS = ["status", "releases", "history", "diff 1", "values", "pods", "logs hub", "rollback 1"]


@pytest.mark.parametrize("line", READS)
def test_no_kubeconfig(hubtui: Command, tmp_path: Path, line: str) -> None:
    found = hubtui(*line.split())
    assert (found.code, found.out) == (2, "")
    assert f"looked at {tmp_path / '.kube' / 'config'}" in found.err
    assert "--kubeconfig" in found.err


def test_a_context_that_does_not_exist(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("--context", "elsewhere", "pods")
    assert (found.code, found.out) == (2, "")
    assert "no context 'elsewhere'" in found.err
    assert "Contexts there are: test." in found.err


def test_a_server_that_does_not_answer(hubtui: Command, api: ApiServer, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        api.url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        (tmp_path / "kubeconfig").write_text(api.kubeconfig())
        for line in READS:
            found = hubtui(*line.split())
            assert (found.code, found.out) == (4, "")
            assert f"{api.url} does not answer" in found.err


@pytest.mark.parametrize("options", [["-n", "nowhere"], ["-n", "nowhere", "--release", "hub"]])
def test_a_namespace_that_does_not_exist(
    hubtui: Command, api: ApiServer, options: list[str]
) -> None:
    found = hubtui(*options, "pods")
    assert (found.code, found.out) == (2, "")
    assert "There is no namespace nowhere in context test" in found.err


def test_a_namespace_without_a_hub(hubtui: Command, api: ApiServer) -> None:
    api.objects = [{"kind": "Namespace", "metadata": {"name": "hub"}}]
    found = hubtui("status")
    assert (found.code, found.out) == (2, "")
    assert "No hub found: looked for Deployments labelled" in found.err
    assert "Pass --namespace" in found.err


def test_several_hubs_are_listed_since_nobody_can_be_asked(hubtui: Command, api: ApiServer) -> None:
    second = cluster.workload("Deployment", "hub")
    second["metadata"] = {
        **second["metadata"],
        "name": "hub-b",
        "labels": {**second["metadata"]["labels"], "release": "staging"},
    }
    api.objects.append(second)
    found = hubtui("pods")
    assert (found.code, found.out) == (2, "")
    assert "-n hub --release hub, -n hub --release staging" in found.err
    assert hubtui("pods", "--release", "staging").code == 0


def test_without_the_right_to_list_secrets(hubtui: Command, api: ApiServer) -> None:
    api.denied.add("secrets")
    for line in ("releases", "history", "diff 1", "values", "rollback 1"):
        found = hubtui(*line.split())
        assert (found.code, found.out) == (1, "")
        assert "no right to list secrets in namespace hub" in found.err
    assert hubtui("pods").code == 0
    status = hubtui("status", "--json")
    assert status.code == 0
    assert status.document["value"]["revision"] is None
    assert [note["source"] for note in status.document["notes"]] == ["releases"]


def test_without_the_right_to_see_workloads_the_pods_say_so(
    hubtui: Command, api: ApiServer
) -> None:
    api.denied.update({"deployments", "daemonsets"})
    found = hubtui("pods", "--json")
    assert found.code == 0
    assert {n["source"] for n in found.document["notes"]} == {"deployments.apps", "daemonsets.apps"}


def test_a_user_without_any_right(hubtui: Command, api: ApiServer) -> None:
    api.denied.update({"pods", "deployments", "secrets", "namespaces"})
    found = hubtui("status")
    assert (found.code, found.out) == (1, "")
    assert "no right to list deployments.apps" in found.err
    named = hubtui("-n", "hub", "--release", "hub", "status")
    assert (named.code, named.out) == (1, "")
    assert "no right to list pods" in named.err


def test_credentials_that_are_not_accepted(hubtui: Command, api: ApiServer) -> None:
    api.token = "another"
    found = hubtui("pods")
    assert (found.code, found.out) == (1, "")
    assert "does not accept these credentials (401)" in found.err
    assert "Log in again" in found.err


@pytest.mark.parametrize("line", ["diff 1 9", "diff 9", "values 9", "rollback 9"])
def test_a_revision_that_does_not_exist(hubtui: Command, api: ApiServer, line: str) -> None:
    found = hubtui(*line.split())
    assert (found.code, found.out) == (1, "")
    assert "no revision 9" in found.err
    assert "2, 1" in found.err


@pytest.mark.parametrize("line", ["diff 3", "values 3", "diff 1 3"])
def test_a_broken_payload_cannot_be_shown(hubtui: Command, api: ApiServer, line: str) -> None:
    api.objects.append(cluster.helm_secret(3, "deployed", "bm90IGEgcmVsZWFzZQ=="))
    found = hubtui(*line.split())
    assert (found.code, found.out) == (1, "")
    assert "This revision cannot be shown" in found.err


def test_a_release_that_does_not_exist(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("history", "nothing")
    assert (found.code, found.out) == (1, "")
    assert "release 'nothing'" in found.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("logs nobody", "no pod, role or user 'nobody'"),
        ("logs hub -c sidecar", "no container 'sidecar'"),
        ("logs hub --since yesterday", "no length of time"),
        ("pods --role nurses", "Roles are: hub, proxy"),
    ],
)
def test_a_question_about_what_is_not_there(
    hubtui: Command, api: ApiServer, line: str, said: str
) -> None:
    found = hubtui(*line.split())
    assert found.code in (1, 2)
    assert found.out == ""
    assert said in found.err


@pytest.mark.parametrize(
    "line",
    ["nonsense", "diff", "diff one", "diff 0", "pods --nonsense", "logs", "journal --last 0"],
)
def test_a_command_line_that_cannot_be_understood(hubtui: Command, line: str) -> None:
    found = hubtui(*line.split())
    assert (found.code, found.out) == (2, "")
    assert "See `hubtui --help`." in found.err


def test_a_broken_configuration(
    hubtui: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTUI_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("colour = 'blue'")
    found = hubtui("config")
    assert (found.code, found.out) == (2, "")
    assert "colour" in found.err


def test_the_screen_needs_a_terminal(hubtui: Command) -> None:
    found = hubtui()
    assert (found.code, found.out) == (2, "")
    assert "`hubtui status`" in found.err


@pytest.mark.parametrize(
    "argv",
    [
        ["-n", "nowhere", "pods"],
        ["pods", "-n", "nowhere"],
        ["-n", "hub", "pods", "--namespace", "nowhere"],
    ],
)
def test_global_options_stand_before_or_after_the_command(
    hubtui: Command, api: ApiServer, argv: list[str]
) -> None:
    assert "no namespace nowhere" in hubtui(*argv).err


def test_names_from_outside_cannot_write_to_the_terminal(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("--context", "\x1b]0;title\x07[bold]", "pods")
    assert found.code == 2
    assert "\x1b" not in found.err
    assert "[bold]" in found.err


def test_an_error_of_hubtui_itself_is_a_sentence_and_a_log(
    hubtui: Command, api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_context: object) -> None:
        raise ZeroDivisionError("password=correct-horse Authorization: Bearer abc.def-ghi")

    monkeypatch.setattr(start, "settings", broken)
    found = hubtui("pods")
    log = tmp_path / "state" / "hubtui.log"
    assert (found.code, found.out) == (1, "")
    assert "ZeroDivisionError" in found.err
    assert str(log) in found.err
    assert "correct-horse" not in found.err
    text = log.read_text()
    assert "Traceback" in text
    assert "correct-horse" not in text
    assert "abc.def-ghi" not in text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_state_folder_that_is_a_file(hubtui: Command, api: ApiServer, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert hubtui("pods").code == 0
    assert hubtui("history").code == 0


def test_markup_in_a_description_is_text(hubtui: Command, api: ApiServer) -> None:
    third = release(3, others=0)
    third["info"]["description"] = "[bold]\x1b[31mred\u202e"
    api.objects.append(cluster.helm_secret(3, "deployed", packed(third)))
    found = hubtui("history")
    assert r"[bold]\x1b[31mred\u202e" in found.out


def test_a_silent_server_is_told_of_while_it_is_waited_for(
    hubtui: Command, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opening.PATIENCE < 5  # an unreachable server is said within 5 s
    monkeypatch.setattr(opening, "PATIENCE", 0.05)
    api.silent = threading.Event()
    say = Output.say

    def said(out: Output, text: str) -> None:
        say(out, text)
        assert api.silent is not None
        api.silent.set()  # the server comes to life once that is said

    monkeypatch.setattr(Output, "say", said)
    found = hubtui("pods", "--json")
    assert found.code == 0
    assert found.document["kind"] == "pods"
    assert f"{api.url} has not answered for" in found.err
    assert "hubtui keeps waiting for it" in found.err
