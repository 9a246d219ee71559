"""The gate lets through what is on its lists, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.clients.gate import HUB_SERVERS, Call, Gate, Permit
from hubtui.clients.helm_argv import VERSION
from hubtui.errors import ReadOnlyError
from hubtui.model.origin import origin_of

READS = [
    Call("list", "pods", "hub"),
    Call("watch", "secrets", "hub"),
    Call("get", "deployments.apps", "hub", "hub"),
    Call("get", "pods", "hub", "hub-0", "log"),
    Call("create", "selfsubjectaccessreviews.authorization.k8s.io"),
    Call("get", "nodes", "", "user-1", "proxy", path="stats/summary"),
]
WRITES = [
    Call("create", "pods", "hub"),
    Call("delete", "pods", "hub", "hub-0"),
    Call("update", "secrets", "hub", "hub"),
    Call("patch", "deployments.apps", "hub", "hub"),
    Call("deletecollection", "pods", "hub"),
    Call("get", "pods", "hub", "hub-0", "exec"),
    Call("get", "pods", "hub", "hub-0", "attach"),
    Call("get", "pods", "hub", "hub-0", "proxy"),
    Call("get", "services", "hub", "hub", "proxy"),
    Call("get", "services", "support", "prometheus:80", "proxy", path="api/v1/query"),
    Call("get", "nodes", "", "user-1", "proxy"),
    Call("get", "nodes", "", "user-1", "proxy", {"path": "stats/summary"}),
    Call("create", "nodes", "", "user-1", "proxy", path="stats/summary"),
    Call("get", "nodes", "", "user-1", "proxy", path="exec/hub/hub-0/hub"),
    Call("get", "pods", "hub", "hub-0", "portforward", {"ports": "8081"}),
    Call("create", "pods", "hub", "hub-0", "eviction"),
    Call("create", "serviceaccounts", "hub", "hub", "token"),
    Call("create", "tokenreviews.authentication.k8s.io"),
    Call("get", "widgets.example.org", "hub", "one"),
]
ROLLBACK = ["rollback", "hub", "11", "--namespace", "hub", "--timeout", "10m"]
MAY_ROLL_BACK = Permit("rollback", "helm", "hub", "hub")
UPGRADE = ["upgrade", "hub", "/charts/hub", "--namespace", "hub", "--values", "-"]
RESET = [*UPGRADE, "--reset-values"]
MAY_UPGRADE = Permit("upgrade", "helm", "hub", "hub")


@pytest.mark.parametrize("call", READS, ids=str)
def test_reads_pass_also_in_read_only(call: Call) -> None:
    Gate("because").check(call)


@pytest.mark.parametrize("call", WRITES, ids=str)
def test_everything_else_needs_a_token(call: Call) -> None:
    with pytest.raises(ReadOnlyError):
        Gate().check(call)


def test_a_token_permits_what_its_plan_names_for_as_long_as_it_lasts() -> None:
    gate = Gate()
    call = Call("delete", "pods", "hub", "hub-0")
    token = gate.grant("plan", [Permit("delete", "pods", "hub", "hub-0")])
    gate.check(call, token)
    for other in (
        Call("delete", "pods", "hub", "hub-1"),
        Call("delete", "pods", "other", "hub-0"),
        Call("patch", "pods", "hub", "hub-0"),
        Call("delete", "pods", "hub", "hub-0", "eviction"),
    ):
        with pytest.raises(ReadOnlyError, match="no plan permits it"):
            gate.check(other, token)
    with pytest.raises(ReadOnlyError):
        Gate().check(call, token)  # another session's gate
    gate.end(token)
    with pytest.raises(ReadOnlyError):
        gate.check(call, token)


def test_read_only_grants_nothing_and_says_why() -> None:
    gate = Gate("context prod matches protected")
    assert not gate.may_write
    with pytest.raises(ReadOnlyError, match="context prod matches protected"):
        gate.grant("plan", [MAY_ROLL_BACK])


def test_a_dry_run_passes_but_not_in_read_only() -> None:
    call = Call("patch", "deployments.apps", "hub", "hub", query={"dryRun": "All"})
    Gate().check(call)
    with pytest.raises(ReadOnlyError):
        Gate("because").check(call)
    with pytest.raises(ReadOnlyError):
        Gate().check(Call("patch", "deployments.apps", "hub", "hub", "scale", {"dryRun": "All"}))


def test_a_forward_passes_to_the_pod_and_port_that_were_asked_for() -> None:
    gate = Gate("because")
    gate.allow_forward("hub", "hub-0", 8081)
    gate.check(Call("get", "pods", "hub", "hub-0", "portforward", {"ports": "8081"}))
    for pod, ports in (("hub-0", "22"), ("hub-1", "8081"), ("hub-0", "8081,22"), ("hub-0", "")):
        with pytest.raises(ReadOnlyError):
            gate.check(Call("get", "pods", "hub", pod, "portforward", {"ports": ports}))


@pytest.mark.parametrize(
    "path",
    [
        *("query", "query_range", "labels", "label/__name__/values", "series", "metadata"),
        *("alerts", "rules", "targets", "status/buildinfo"),
    ],
)
def test_a_prometheus_is_read(path: str) -> None:
    gate = Gate("because")
    gate.allow_service("support", "prometheus", 80)
    gate.check_prometheus(f"/api/v1/{path}")
    gate.check(prometheus(f"api/v1/{path}"))


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "query",
            "api/v1/",
            "api/v1/query/",
            "api/v1/query?query=up",
            "api/v1/query/../rules",
        ),
        *("api/v1/admin/tsdb/delete_series", "api/v1/admin/tsdb/snapshot", "api/v1/write"),
        *("api/v1/label/values", "api/v1/label/a/b/values", "api/v1/label/../values"),
        *("api/v1/status/config", "-/reload", "-/quit", "federate", "api/v1/quer%79"),
        *("/api/v1/query", "api/v1/query\n", "x/api/v1/query"),
    ],
)
def test_nothing_else_of_a_prometheus_is_asked(path: str) -> None:
    gate = Gate()
    gate.allow_service("support", "prometheus", 80)
    with pytest.raises(ReadOnlyError):
        gate.check(prometheus(path))
    with pytest.raises(ReadOnlyError):
        gate.check_prometheus(f"/{path}")


def test_the_apiserver_leads_to_the_service_and_port_that_were_found() -> None:
    gate, path = Gate(), "api/v1/query"
    gate.allow_service("support", "prometheus", 80)
    for call in (
        prometheus(path, verb="create"),
        prometheus(path, verb="update"),
        prometheus(path, resource="pods"),
        prometheus(path, namespace="hub"),
        prometheus(path, namespace=""),
        prometheus(path, name="prometheus"),
        prometheus(path, name="prometheus:9090"),
        prometheus(path, name="https:prometheus:80"),
        prometheus(path, name="alertmanager:80"),
        prometheus(path, subresource="status"),
    ):
        with pytest.raises(ReadOnlyError):
            gate.check(call)
    with pytest.raises(ReadOnlyError):
        Gate().check(prometheus(path))  # another session's gate


def prometheus(path: str, **other: Any) -> Call:
    usual = Call("get", "services", "support", "prometheus:80", "proxy", path=path)
    return replace(usual, **other)


def test_helm_version_needs_no_token() -> None:
    Gate("because").check_helm(VERSION)


def test_helm_rollback_needs_the_token_of_its_release() -> None:
    gate = Gate()
    with pytest.raises(ReadOnlyError):
        gate.check_helm(ROLLBACK)
    token = gate.grant("plan", [MAY_ROLL_BACK])
    gate.check_helm([*ROLLBACK, "--cleanup-on-fail", "--history-max", "12"], token)
    for release, namespace in (("other", "hub"), ("hub", "other")):
        argv = ["rollback", release, "11", "--namespace", namespace]
        with pytest.raises(ReadOnlyError, match="no plan permits it"):
            gate.check_helm(argv, token)
    gate.end(token)
    with pytest.raises(ReadOnlyError):
        gate.check_helm(ROLLBACK, token)


def test_helm_upgrade_is_asked_dry_by_anybody_and_done_with_a_token_only() -> None:
    Gate("because").check_helm([*RESET, "--dry-run=server", "-o", "json"])
    gate = Gate()
    with pytest.raises(ReadOnlyError, match="no plan permits it"):
        gate.check_helm(RESET)
    token = gate.grant("plan", [MAY_UPGRADE])
    for mode in ("--reset-values", "--reuse-values", "--reset-then-reuse-values"):
        gate.check_helm(
            [*UPGRADE, mode, "--cleanup-on-fail", "--description", "abc, by Ada"], token
        )
    other = gate.grant("other", [MAY_ROLL_BACK])
    with pytest.raises(ReadOnlyError, match="no plan permits it"):
        gate.check_helm(RESET, other)


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["version"],
        ["version", "--template", "{{.Version}}", "--kubeconfig", "x"],
        ["uninstall", "hub", "--namespace", "hub"],
        ["upgrade", "hub", "chart"],
        UPGRADE,
        [*RESET, "--reuse-values"],
        [*RESET, "--wait"],
        [*RESET, "--atomic"],
        [*RESET, "--rollback-on-failure"],
        [*RESET, "--install"],
        [*RESET, "--force"],
        [*RESET, "--force-conflicts"],
        [*RESET, "--no-hooks"],
        [*RESET, "--dry-run"],
        [*RESET, "--dry-run=client"],
        [*RESET, "--dry-run=none"],
        [*RESET, "--dry-run", "server"],
        [*RESET, "--dry-run=server", "--dry-run=server"],
        [*RESET, "--set", "a=b"],
        [*RESET, "--values", "/etc/values.yaml"],
        ["upgrade", "hub", "c", "--namespace", "hub", "--reset-values", "--values", "/x.yaml"],
        [*RESET, "-o", "yaml"],
        [*RESET, "--post-renderer", "/bin/sh"],
        [*RESET, "--repo", "https://me:password@example.org"],
        [*RESET, "--repo", "file:///charts"],
        [word.replace("/charts/hub", "https://me:password@example.org/1.tgz") for word in RESET],
        [word.replace("/charts/hub", "oci://me@example.org/hub") for word in RESET],
        [*RESET, "--description", "--wait"],
        [*RESET, "--labels", "a=b"],
        ["plugin", "install", "x"],
        ["rollback", "hub", "11"],
        ["rollback", "hub", "--namespace", "hub"],
        ["rollback", "hub", "0", "--namespace", "hub"],
        ["rollback", "hub", "11", "12", "--namespace", "hub"],
        ["rollback", "Hub;rm", "11", "--namespace", "hub"],
        [*ROLLBACK, "--wait"],
        [*ROLLBACK, "--force"],
        [*ROLLBACK, "--no-hooks"],
        [*ROLLBACK, "--recreate-pods"],
        [*ROLLBACK, "--namespace", "other"],
        [*ROLLBACK, "--namespace=other"],
        [*ROLLBACK, "--kube-token", "x"],
        [*ROLLBACK, "--kube-apiserver", "https://example.org"],
        [*ROLLBACK, "--history-max", "0"],
        [*ROLLBACK, "--history-max", "--wait"],
        [*ROLLBACK, "--kubeconfig"],
        [*ROLLBACK, "-n", "other"],
        [*ROLLBACK, "--post-renderer", "/bin/sh"],
    ],
    ids=" ".join,
)
def test_no_other_helm_command_line_passes_even_with_a_token(argv: list[str]) -> None:
    gate = Gate()
    token = gate.grant("plan", [MAY_ROLL_BACK, MAY_UPGRADE])
    with pytest.raises(ReadOnlyError, match="not on the list"):
        gate.check_helm(argv, token)


def test_an_object_of_a_manifest_may_be_read_whatever_its_kind_but_nothing_else() -> None:
    gate = Gate("because")
    gate.allow_object("widgets.example.org", "hub", "one")
    gate.check(Call("get", "widgets.example.org", "hub", "one"))
    for other in (
        Call("get", "widgets.example.org", "hub", "two"),
        Call("get", "widgets.example.org", "other", "one"),
        Call("get", "widgets.example.org", "hub", "one", "proxy"),
        Call("list", "widgets.example.org", "hub"),
        Call("delete", "widgets.example.org", "hub", "one"),
    ):
        with pytest.raises(ReadOnlyError):
            gate.check(other)


@pytest.mark.parametrize("path", ["/api/v1", "/apis/example.org/v1", "/apis/apps/v1beta2"])
def test_an_api_version_may_be_asked_for_its_kinds(path: str) -> None:
    Gate("because").check_path(path)


@pytest.mark.parametrize(
    "path", ["/api/v1/pods", "/apis/apps/v1/deployments", "/apis/a/v1/../../x", "/apis/apps"]
)
def test_no_other_path_passes(path: str) -> None:
    with pytest.raises(ReadOnlyError):
        Gate().check_path(path)


ALICE = Permit("delete", HUB_SERVERS, "hub", "alice/")


@pytest.mark.parametrize(
    "path", ["/", "/user", "/users", "/users/a%40b.c", "/users/a/server/progress", "/proxy"]
)
def test_the_hubs_api_is_read_by_anybody(path: str) -> None:
    Gate("because").check_hub("GET", path, "hub")


@pytest.mark.parametrize(
    "path",
    [
        *("/users/alice/server", "/users/alice/tokens", "/users/alice/activity", "/shutdown"),
        *("/user/alice/", "/../user/alice/api", "/users/..", "/users/./server/progress"),
        *("/users/%2e%2E", "/users/a%2Fb", "/users/a%2fserver", "/users/a?b", "/users/a b"),
        *("/users/a#b", "users", "", "//user", "/users/a\\b", "/users/\n"),
    ],
)
def test_nothing_else_of_a_hub_is_read(path: str) -> None:
    gate = Gate()
    token = gate.grant("plan", [ALICE])
    with pytest.raises(ReadOnlyError, match="not on the list"):
        gate.check_hub("GET", path, "hub", token)


METHODS = st.sampled_from(["POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "get"])
PARTS = st.sampled_from(
    ["users", "alice", "bob", "server", "servers", "gpu", "..", ".", "proxy", "shutdown", "", "%2F"]
)


@given(method=METHODS, parts=st.lists(PARTS, max_size=6))
def test_a_hub_is_written_to_as_the_plan_says_and_in_no_other_way(
    method: str, parts: list[str]
) -> None:
    path = "".join(f"/{part}" for part in parts)
    for gate in (Gate(), Gate("because")):
        with pytest.raises(ReadOnlyError):
            gate.check_hub(method, path, "hub")
    gate = Gate()
    token = gate.grant("plan", [ALICE])
    if (method, path) == ("DELETE", "/users/alice/server"):
        gate.check_hub(method, path, "hub", token)
        return
    with pytest.raises(ReadOnlyError):
        gate.check_hub(method, path, "hub", token)


def test_a_plan_for_one_hub_is_none_for_another() -> None:
    gate = Gate()
    token = gate.grant("plan", [ALICE])
    gate.check_hub("DELETE", "/users/alice/server", "hub", token)
    with pytest.raises(ReadOnlyError):
        gate.check_hub("DELETE", "/users/alice/server", "other", token)


def test_a_hubs_address_is_for_its_client_alone() -> None:
    gate, origin = Gate(), origin_of("https://hub.example.org/base/")
    for method in ("GET", "DELETE"):
        with pytest.raises(ReadOnlyError):
            gate.check_hub_origin(method, origin)
    gate.allow_hub(origin)
    gate.check_hub_origin("DELETE", origin)
    with pytest.raises(ReadOnlyError):
        gate.check_http("GET", origin, secret=True)
    clear = origin_of("http://hub.example.org")
    gate.allow_hub(clear)
    with pytest.raises(ReadOnlyError, match="in the clear"):
        gate.check_hub_origin("GET", clear)


def test_in_read_only_mode_a_hubs_address_gets_reads_only() -> None:
    gate, origin = Gate("because"), origin_of("https://hub.example.org")
    gate.allow_hub(origin)
    gate.check_hub_origin("GET", origin)
    with pytest.raises(ReadOnlyError):
        gate.check_hub_origin("POST", origin)
