"""`restart`, `delete-pod` and `--csv` as a script uses them: plans, refusals, exit codes.

What they do to a cluster is proved in tests/cluster.
"""

from __future__ import annotations

import csv
import io

import pytest

from tests.headless.apiserver import ApiServer
from tests.headless.cluster import EVIL, workload
from tests.headless.conftest import Command


def written(api: ApiServer) -> list[tuple[str, str]]:
    """What is neither a GET nor a question about rights."""
    return [
        (method, path)
        for method, path, _ in api.requests
        if method != "GET" and not path.endswith("selfsubjectaccessreviews")
    ]


@pytest.mark.parametrize("options", [[], ["--read-only"]])
def test_a_restart_without_a_name_is_a_plan(
    hubtui: Command, api: ApiServer, options: list[str]
) -> None:
    found = hubtui("restart", "hub", *options)
    assert (found.code, found.err, written(api)) == (0, "", [])
    for words in (
        "Restart hub of hub",
        "no log-in and no new server",
        "2 running servers stay.",
        "kubectl rollout restart deployment/hub --namespace hub --context test",
        "--confirm hub",
    ):
        assert words in found.out


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ("proxy", "every open connection drops for some seconds"),
        ("proxy", "until then servers answer with 404"),
        ("autohttps", "every HTTPS connection drops for some seconds"),
    ],
)
def test_what_users_notice_of_a_restart(
    hubtui: Command, api: ApiServer, component: str, said: str
) -> None:
    if component == "autohttps":
        api.objects.append(workload("Deployment", "autohttps"))
    notices = hubtui("restart", component, "--json").document["notices"]
    assert said in " ".join(notices)
    assert "2 running servers" in " ".join(notices)
    assert not any("no log-in" in notice for notice in notices)


def test_the_plan_of_a_restart_as_a_document(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("restart", "proxy", "--json").document
    assert (found["kind"], found["action"], found["targets"]) == (
        "plan",
        "restart",
        ["deployment proxy"],
    )
    names = [check["name"] for check in found["checks"]]
    assert names == ["deployment", "rollout", "release", "rights"]


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["restart", "nonsense"], 2, "cannot be restarted"),
        (["restart", "autohttps"], 1, "This hub has no autohttps"),
        (["restart", "hub", "--confirm", "hup", "--override", "rollout"], 3, "'hup' is not 'hub'"),
        (["restart", "hub", "--confirm", "hub", "--read-only"], 3, "read-only"),
        (["restart", "hub", "--confirm", "hub"], 3, "a rollout is under way"),
        (["delete-pod", "nobody"], 1, "not found"),
        (["uncordon", "nosuch"], 1, "There is no node nosuch\nSee kubectl get nodes."),
        (["delete-pod", "jupyter-alice", "--confirm", "alice"], 3, "up and not stuck"),
        (["delete-pod", "proxy-5c4", "--confirm", "proxy"], 3, "is not 'proxy-5c4'"),
        (["delete-pod", "proxy-5c4", "--confirm", "proxy-5c4", "--read-only"], 3, "read-only"),
        (
            ["delete-pod", "proxy-5c4", "--confirm", "proxy-5c4", "--expect", "000000000000"],
            3,
            "has changed since",
        ),
    ],
)
def test_refusals_have_their_codes_and_write_nothing(
    hubtui: Command, api: ApiServer, argv: list[str], code: int, said: str
) -> None:
    found = hubtui(*argv)
    assert (found.code, found.out, written(api)) == (code, "", [])
    assert said in found.err


def test_a_node_that_is_not_there_names_those_that_are(hubtui: Command, api: ApiServer) -> None:
    names = ("core-1", *(f"user-{number}" for number in range(7)))
    api.objects += [{"kind": "Node", "metadata": {"name": name}} for name in names]
    found = hubtui("cordon", "user5")
    assert (found.code, found.out, written(api)) == (1, "", [])
    assert found.err.startswith("hubtui: There is no node user5\nThere are: user-5, ")
    assert found.err.endswith(" and 2 more.\n")


def test_a_user_is_asked_for_by_name_where_it_can_be_typed(hubtui: Command, api: ApiServer) -> None:
    assert hubtui("delete-pod", "jupyter-alice", "--json").document["confirm"] == "alice"
    assert hubtui("delete-pod", "jupyter-eve", "--json").document["confirm"] == "jupyter-eve"
    assert "\x1b" not in hubtui("delete-pod", "jupyter-eve").out
    assert EVIL not in hubtui("delete-pod", "jupyter-eve").out


def test_force_is_a_stop_of_its_own(hubtui: Command, api: ApiServer) -> None:
    plan = hubtui("delete-pod", "jupyter-alice", "--force", "--json").document
    levels = {check["name"]: check["level"] for check in plan["checks"]}
    assert levels["state"] == "stop"
    assert plan["command"].endswith("--grace-period=0 --force")
    assert plan["title"] == "Delete pod jupyter-alice by force"


def test_what_the_hub_takes_it_for_is_told_first(hubtui: Command, api: ApiServer) -> None:
    check, *_ = hubtui("delete-pod", "jupyter-alice", "--json").document["checks"]
    assert (check["name"], check["level"]) == ("hub's view", "warn")
    assert "the server of alice and is not asked" in check["evidence"]


def test_the_time_to_end_is_the_pods_own_or_what_is_asked_for(
    hubtui: Command, api: ApiServer
) -> None:
    assert "It has 30 seconds to end by itself." in hubtui("delete-pod", "proxy-5c4").out
    plan = hubtui("delete-pod", "proxy-5c4", "--grace", "5", "--json").document
    assert plan["command"].endswith("--grace-period=5")
    assert plan["notices"][-1] == "It has 5 seconds to end by itself."


@pytest.mark.parametrize(("options", "sent"), [([], None), (["--grace", "5"], 5)])
def test_the_time_to_end_goes_with_the_delete(
    hubtui: Command, api: ApiServer, options: list[str], sent: int | None
) -> None:
    found = hubtui("delete-pod", "proxy-5c4", *options, "--confirm", "proxy-5c4")
    assert found.code == 0
    assert "Pod proxy-5c4 is gone" in found.out
    (deletion,) = api.deletions
    assert deletion["preconditions"] == {"uid": "proxy-5c4"}
    assert deletion.get("gracePeriodSeconds") == sent


def test_a_shorter_time_ends_a_pod_that_was_deleted_already(
    hubtui: Command, api: ApiServer
) -> None:
    pod = next(o for o in api.objects if o["metadata"]["name"] == "proxy-5c4")
    pod["metadata"]["deletionTimestamp"] = "2999-01-01T00:00:00Z"

    def deleted(*options: str) -> tuple[str, str]:
        plan = hubtui("delete-pod", "proxy-5c4", *options, "--json").document
        (found,) = [each for each in plan["checks"] if each["name"] == "deleted"]
        return found["level"], found["evidence"]

    assert deleted()[0] == "stop"
    level, evidence = deleted("--grace", "5")
    assert level == "warn"
    assert evidence.endswith("left: that becomes 5 s")


@pytest.mark.parametrize("options", [["--grace", "5", "--force"], ["--grace", "0"]])
def test_no_time_is_for_force_alone(hubtui: Command, api: ApiServer, options: list[str]) -> None:
    assert hubtui("delete-pod", "proxy-5c4", *options).code == 2


# Tables as CSV


def test_rows_as_csv(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("pods", "--csv")
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert found.code == 0
    names = {row["name"] for row in rows}
    assert names == {"hub-7d9", "proxy-5c4", "jupyter-alice", "jupyter-eve"}
    assert "\x1b" not in found.out


def test_notes_stay_beside_the_rows(hubtui: Command, api: ApiServer) -> None:
    api.denied = {"statefulsets"}
    found = hubtui("pods", "--csv")
    assert "statefulsets" in found.err
    assert "statefulsets" not in found.out


@pytest.mark.parametrize("other", ["--json", "--watch"])
def test_csv_goes_alone(hubtui: Command, api: ApiServer, other: str) -> None:
    assert hubtui("pods", "--csv", other).code == 2


def test_an_answer_without_rows_has_no_csv(hubtui: Command, api: ApiServer) -> None:
    assert hubtui("status", "--csv").code == 2
