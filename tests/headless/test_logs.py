"""`logs` of several pods: by time, with names in front, and what could not be read is told."""

from __future__ import annotations

from hubtui.services.logs import STREAMS
from tests.headless import cluster
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command


def stamp(second: int, text: str) -> bytes:
    return f"2026-11-23T14:00:{second:02}.000000000Z {text}\n".encode()


def two_users(api: ApiServer) -> None:
    api.logs["jupyter-alice"] = stamp(1, "first") + stamp(3, "third")
    api.logs["jupyter-eve"] = stamp(2, "second")


def test_the_pods_of_a_role_are_one_log_in_the_order_of_time(
    hubtui: Command, api: ApiServer
) -> None:
    two_users(api)
    lines = hubtui("logs", "users").out.splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["first", "second", "third"]
    assert lines[0] == "alice: first"
    assert "\x1b" not in lines[1]


def test_several_names_are_one_log_and_a_pod_named_twice_is_read_once(
    hubtui: Command, api: ApiServer
) -> None:
    two_users(api)
    api.logs["hub-7d9"] = stamp(4, "of the hub")
    found = hubtui("logs", "alice", "hub", "jupyter-alice", "--json").document
    assert [(i["pod"], i["line"]) for i in found["items"]] == [
        ("jupyter-alice", "first"),
        ("jupyter-alice", "third"),
        ("hub-7d9", "of the hub"),
    ]
    assert found["items"][0]["at"] == "2026-11-23T14:00:01.000000000Z"
    assert found["pod"] is None


def test_what_has_no_name_in_front_is_one_log(hubtui: Command, api: ApiServer) -> None:
    api.logs["hub-7d9"] = stamp(4, "of the hub") + b"no stamp\n"
    found = hubtui("logs", "hub")
    assert sorted(found.out.splitlines()) == ["no stamp", "of the hub"]


def test_more_pods_than_can_be_read_at_once_are_a_question(hubtui: Command, api: ApiServer) -> None:
    names = [f"jupyter-u{number}" for number in range(STREAMS)]
    api.objects += [cluster.pod(name, "singleuser-server", user=name) for name in names]
    found = hubtui("logs", "users")
    assert found.code == 2
    assert f"stands for {STREAMS + 2} pods" in found.err
    assert "Name some of: jupyter-alice" in found.err


def test_a_container_that_one_of_them_lacks_is_no_error(hubtui: Command, api: ApiServer) -> None:
    two_users(api)
    api.objects[-1]["spec"]["containers"][0]["name"] = "notebook"
    assert "second" in hubtui("logs", "users", "-c", "notebook").out
    assert "no container 'nobody'" in hubtui("logs", "users", "-c", "nobody").err


def test_a_line_of_a_megabyte_is_printed_whole(hubtui: Command, api: ApiServer) -> None:
    api.logs["hub-7d9"] = b"x" * 2**20 + b"\nend\n"
    lines = hubtui("logs", "hub").out.splitlines()
    assert [len(line) for line in lines] == [2**20, 3]


def test_bytes_that_are_no_text_are_shown_and_not_obeyed(hubtui: Command, api: ApiServer) -> None:
    api.logs["hub-7d9"] = bytes(range(256)) + b"\n"
    found = hubtui("logs", "hub")
    assert found.code == 0
    assert "\\x1b" in found.out
    assert "\\xff" in found.out
    assert "\x1b" not in found.out


def test_logs_that_are_denied_are_an_error(hubtui: Command, api: ApiServer) -> None:
    api.denied.add("pods")
    assert hubtui("logs", "hub-7d9").code == 1
