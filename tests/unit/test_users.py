"""Who runs what: the hub's servers joined with pods, what they use, and when they go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest

from hubtui.clients.kube import KubeClient
from hubtui.errors import DeniedError, HubtuiError, NotFoundError, UnreachableError
from hubtui.model import kube
from hubtui.model.hub import HubUser, ServerKey
from hubtui.model.idle import CullRule
from hubtui.model.kinds import POD_METRICS
from hubtui.model.usage import PodMetrics
from hubtui.services.culler import Culler
from hubtui.services.hub_link import HubLink
from hubtui.services.store import Store
from hubtui.services.usage import UsageFeed
from hubtui.services.users import ServerRow, Users
from tests.hub_of_users import Hub, jump, now

Json = dict[str, Any]

VALUES: Json = {"cull": {"enabled": True, "timeout": 3600, "every": 600}}


class Link(Hub):
    """A hub with the values of its release."""

    given: Mapping[str, Any] | HubtuiError = VALUES

    async def values(self) -> Mapping[str, Any]:
        if isinstance(self.given, HubtuiError):
            raise self.given
        return self.given


class Metrics:
    """An apiserver that knows metrics.k8s.io only, or that does not."""

    def __init__(self) -> None:
        self.answer: list[PodMetrics] | HubtuiError = []

    async def list(self, *_: object) -> list[PodMetrics]:
        if isinstance(self.answer, HubtuiError):
            raise self.answer
        return self.answer


def metrics(pod: str, *usage: dict[str, str]) -> PodMetrics:
    containers = [{"name": f"c{i}", "usage": each} for i, each in enumerate(usage)]
    return msgspec.convert({"metadata": {"name": pod}, "containers": containers}, PodMetrics)


def pod(name: str, user: str = "", server: str | None = None, **more: Any) -> kube.Pod:
    """A user's pod as KubeSpawner names it; `more` replaces parts of it."""
    annotations = {"hub.jupyter.org/username": user}
    if server is not None:
        annotations["hub.jupyter.org/servername"] = server
    meta: Json = {
        "name": name,
        "namespace": "hub",
        "creationTimestamp": "2026-11-23T11:00:00Z",
        "labels": {"component": "singleuser-server", "app": "jupyterhub", "release": "hub"},
        "annotations": annotations,
    } | more.pop("metadata", {})
    spec = {"nodeName": "node-1", "containers": [{"name": "notebook"}]} | more.pop("spec", {})
    state = more.pop("state", {"running": {}})
    up = "running" in state
    status: Json = {
        "phase": "Running" if up else "Pending",
        "conditions": [{"type": "Ready", "status": str(up)}],
        "containerStatuses": [{"name": "notebook", "ready": up, "state": state}],
    } | more.pop("status", {})
    return msgspec.convert({"metadata": meta, "spec": spec, "status": status, **more}, kube.Pod)


class Desk:
    """An operator's desk: the hub, the pods, and the rows."""

    def __init__(self) -> None:
        self.hub = Link(takes=0.01)
        self.metrics = Metrics()
        self.pods: Store[kube.Pod] = Store("pods")
        self.usage = UsageFeed(cast(KubeClient, self.metrics), POD_METRICS, "hub")
        self.feed = self.hub.feed()
        culler = Culler(cast(HubLink, self.hub), self.pods, "hub")
        self.revision = 1
        self.users = Users(
            self.feed, self.pods, self.usage, culler, "hub", revision=lambda: self.revision, now=now
        )

    async def look(self, *pods: kube.Pod) -> dict[str, ServerRow]:
        """Reads all once; these are the pods there are."""
        self.pods.listing()
        self.pods.page(pods)
        self.pods.listed()
        self.pods.live()
        await self.users.fill()
        self.users.update()
        return {str(row.key): row for row in self.users.rows()}


# -- whose pod it is

ODD_NAMES = [
    ("alice", "jupyter-alice"),
    ("Alice.B@example.org", "jupyter-alice-b-example-org---b159722c"),
    ("alice-b", "jupyter-alice-b"),
    ("alice.b", "jupyter-alice-b---5f0e2a11"),
    ("ALICE", "jupyter-alice---aa11bb22"),
    ("zoë", "jupyter-zo---0d1e2f33"),
    ("1st", "jupyter-x-1st---e01ddf65"),
    ("a--b", "jupyter-a-b---90827a2e"),
]


def test_pods_are_joined_by_the_raw_names_however_alike_their_slugs_are() -> None:
    async def story() -> None:
        desk = Desk()
        for user, _ in ODD_NAMES:
            desk.hub.runs(user)
        rows = await desk.look(*(pod(name, user) for user, name in ODD_NAMES))
        assert {key: row.pod.metadata.name for key, row in rows.items() if row.pod} == dict(
            ODD_NAMES
        )

    jump(story())


def test_named_servers_have_their_own_pods() -> None:
    async def story() -> None:
        desk = Desk()
        # the default server of one user and a named one of another have the same pod name but one
        desk.hub.runs("alice")
        desk.hub.runs("alice", "gpu")
        desk.hub.runs("alice", "My Srv")
        desk.hub.runs("alice--gpu")
        rows = await desk.look(
            pod("jupyter-alice", "alice"),
            pod("jupyter-alice--gpu", "alice", "gpu"),
            pod("jupyter-alice--my-srv---8c40803b", "alice", "My Srv"),
            pod("jupyter-alice-gpu---1234abcd", "alice--gpu", ""),
        )
        assert {key: row.pod.metadata.name for key, row in rows.items() if row.pod} == {
            "alice": "jupyter-alice",
            "alice/gpu": "jupyter-alice--gpu",
            "alice/My Srv": "jupyter-alice--my-srv---8c40803b",
            "alice--gpu": "jupyter-alice-gpu---1234abcd",
        }

    jump(story())


def test_of_two_pods_of_a_server_the_one_that_stays_counts() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.runs("alice")
        ends = {"deletionTimestamp": "2026-11-23T12:00:00Z", "name": "old", "namespace": "hub"}
        old = pod("old", "alice", metadata={**ends, **_like("alice")})
        rows = await desk.look(pod("jupyter-alice", "alice"), old)
        assert (rows["alice"].pod or old).metadata.name == "jupyter-alice"

    jump(story())


def _like(user: str) -> Json:
    meta = pod("x", user).metadata
    return {"labels": meta.labels, "annotations": {"hub.jupyter.org/username": user}}


# -- what it does

RUNNING: Json = {"running": {}}
CREATING: Json = {"waiting": {"reason": "ContainerCreating"}}
UNSCHEDULED: Json = {
    "spec": {"nodeName": ""},
    "status": {"phase": "Pending", "containerStatuses": [], "conditions": []},
}
INIT: Json = {
    "spec": {"initContainers": [{"name": "block-cloud-metadata"}]},
    "status": {
        "initContainerStatuses": [{"name": "block-cloud-metadata", "state": {"running": {}}}]
    },
    "state": {"waiting": {"reason": "PodInitializing"}},
}
PULL: Json = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}


def sandbox(status: str) -> Json:
    """A container that waits, and whether volumes and network are there."""
    condition = {"type": "PodReadyToStartContainers", "status": status}
    return {"state": CREATING, "status": {"conditions": [condition]}}


STATES = [
    ({"ready": True}, {}, "ready"),
    ({"ready": True}, None, "lost"),
    ({"pending": "spawn", "ready": False}, None, "spawning: no pod yet"),
    ({"pending": "spawn", "ready": False}, UNSCHEDULED, "spawning: scheduling"),
    ({"pending": "spawn", "ready": False}, INIT, "spawning: init step 0/1"),
    ({"pending": "spawn", "ready": False}, {"state": CREATING}, "spawning: creating the container"),
    ({"pending": "spawn", "ready": False}, sandbox("False"), "spawning: volumes and network"),
    ({"pending": "spawn", "ready": False}, sandbox("True"), "spawning: pulling image"),
    ({"pending": "spawn", "ready": False}, {"state": RUNNING}, "spawning: starting"),
    ({"pending": "spawn", "ready": False}, PULL, "spawning: ImagePullBackOff"),
    ({"pending": "stop", "ready": True}, {}, "stopping"),
    ({"pending": "check", "ready": True}, {}, "not ready"),
    ({"ready": False}, {}, "not ready"),
]


@pytest.mark.parametrize(("server", "of_pod", "words"), STATES)
def test_a_server_says_what_it_does(server: Json, of_pod: Json | None, words: str) -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.runs("alice", **server)
        pods = [] if of_pod is None else [pod("jupyter-alice", "alice", **dict(of_pod))]
        assert (await desk.look(*pods))["alice"].state == words

    jump(story())


def test_no_server_is_called_lost_while_the_pods_are_not_known() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.runs("alice")
        assert (await desk.look())["alice"].state == "lost"
        desk.pods.failed(DeniedError("no right to list pods"), 30)
        assert desk.users.update() == {"alice"}
        row = desk.users.row("alice")
        assert row is not None
        assert row.state == "ready"

    jump(story())


# -- what it uses


def test_the_use_of_a_pod_is_the_exact_sum_of_its_containers() -> None:
    first, second = {"cpu": "123456789n", "memory": "123Ki"}, {"cpu": "2m", "memory": "1Mi"}
    found = metrics("x", first, second).total
    assert (found.cpu, found.memory) == (Decimal("0.125456789"), 123 * 1024 + 2**20)


@pytest.mark.parametrize("usage", [{"cpu": "1"}, {"cpu": "1", "memory": "many"}, {}])
def test_what_a_container_does_not_tell_is_not_known(usage: dict[str, str]) -> None:
    assert metrics("x", {"cpu": "1", "memory": "1Ki"}, usage).total.memory is None


def test_totals_count_servers_and_what_was_measured_of_them() -> None:
    async def story() -> None:
        desk = Desk()
        desk.metrics.answer = [metrics("jupyter-a", {"cpu": "1", "memory": "3Ki"})]
        desk.hub.runs("a")
        desk.hub.runs("b", pending="spawn", ready=False)
        await desk.look(pod("jupyter-a", "a"))
        totals = desk.users.totals()
        assert (totals.users, totals.servers, totals.ready, totals.pending) == (2, 2, 1, 1)
        assert (totals.memory, totals.measured) == (3072, 1)

    jump(story())


def test_what_a_pod_uses_changes_its_own_row_only() -> None:
    async def story() -> None:
        desk = Desk()
        desk.metrics.answer = [metrics("jupyter-a", {"cpu": "1", "memory": "3Ki"})]
        desk.hub.runs("a")
        desk.hub.runs("b")
        await desk.look(pod("jupyter-a", "a"), pod("jupyter-b", "b"))
        desk.metrics.answer = [metrics("jupyter-a", {"cpu": "1", "memory": "4Ki"})]
        await desk.usage.fill()
        assert desk.users.update() == {"a"}
        assert desk.users.totals().memory == 4096
        desk.metrics.answer = []  # its container was started again, and is not measured yet
        await desk.usage.fill()
        assert desk.users.update() == {"a"}
        row = desk.users.row("a")
        assert row is not None
        assert row.usage is None

    jump(story())


def test_without_a_metrics_server_the_rows_are_there_and_the_reason() -> None:
    async def story() -> None:
        desk = Desk()
        desk.metrics.answer = NotFoundError("the server could not find it", status=404)
        desk.hub.runs("a")
        rows = await desk.look(pod("jupyter-a", "a"))
        assert (rows["a"].usage, rows["a"].state) == (None, "ready")
        assert desk.usage.missing == "no metrics-server answers in this cluster"

    jump(story())


# -- when it goes


def test_forecasts_follow_the_rule_in_force() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.runs("alice")
        hub = pod("hub-1", metadata={"labels": {"component": "hub", "app": "jupyterhub"}})
        goes = (await desk.look(hub))["alice"].forecast
        assert goes is not None
        assert goes.at is not None
        desk.hub.given = {"cull": {"enabled": False}}
        await desk.users.culler.read()
        assert desk.users.update() == {"alice"}
        row = desk.users.row("alice")
        assert row is not None
        assert row.forecast is not None
        assert row.forecast.words == "never, because culling is off (cull.enabled: false)"

    jump(story())


def test_a_rule_that_cannot_be_read_is_said_and_nothing_is_forecast() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.given = DeniedError("no right to list secrets")
        desk.hub.runs("alice")
        goes = (await desk.look())["alice"].forecast
        assert goes is not None
        assert (goes.at, goes.known) == (None, False)
        assert desk.users.culler.missing == "no right to list secrets"

    jump(story())


def test_a_rule_is_read_anew_with_another_revision_and_where_it_could_not_be_read() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.given = UnreachableError("the cluster does not answer")
        desk.hub.runs("alice")
        desk.users.start()
        await desk.look()
        assert not desk.users.rule.known
        desk.hub.given = VALUES
        await asyncio.sleep(31)
        assert (desk.users.update(), desk.users.rule.known) == (set(), False)  # it is being read
        await asyncio.sleep(1)
        assert desk.users.update() == {"alice"}
        desk.hub.given = {"cull": {"enabled": True, "timeout": 600}}
        desk.revision = 2
        desk.users.update()
        await asyncio.sleep(1)
        assert desk.users.update() == {"alice"}
        assert (desk.users.rule.timeout, desk.users.grid.every) == (600, 300)
        await desk.users.close()

    jump(story())


def test_what_another_timeout_would_stop_changes_no_row() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.runs("alice")
        before = await desk.look()
        await asyncio.sleep(1800)
        found = desk.users.what_if(600)
        assert found is not None
        assert (found.goes, found.more) == ((ServerKey("alice"),), (ServerKey("alice"),))
        assert desk.users.what_if(None) is None
        assert desk.users.row("alice") is before["alice"]
        assert desk.users.rule == CullRule.of_values(VALUES)

    jump(story())


# -- what changes


def test_only_the_rows_that_changed_are_told_to_each_reader() -> None:
    async def story() -> None:
        desk = Desk()
        for name in ("a", "b", "c"):
            desk.hub.runs(name)
        await desk.look(*(pod(f"jupyter-{name}", name) for name in ("a", "b", "c")))
        reader = desk.users.subscribe()
        reader.drain()
        assert desk.users.update() == set()
        desk.pods.put(pod("jupyter-b", "b", spec={"nodeName": "node-2"}))
        desk.pods.remove("hub/jupyter-c")
        assert desk.users.update() == {"b", "c"}
        assert reader.drain() == (False, {"b", "c"})

    jump(story())


def test_a_named_server_that_is_gone_leaves_the_others_of_its_user() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.runs("alice")
        desk.hub.runs("alice", "gpu")
        assert set(await desk.look()) == {"alice", "alice/gpu"}
        desk.hub.stops("alice")
        desk.hub.runs("alice")
        assert set(await desk.look()) == {"alice"}
        assert [str(row.key) for row in desk.users.rows_of("alice")] == ["alice"]

    jump(story())


def test_a_user_without_a_server_has_a_row_where_all_are_wanted() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hub.runs("alice")
        desk.hub.users_by_name["bob"] = HubUser(name="bob", admin=True)
        desk.feed.wants_all(True)
        rows = await desk.look()
        assert (rows["bob"].server, rows["bob"].state) == (None, "no server")
        assert (desk.users.totals().users, desk.users.totals().servers) == (2, 1)

    jump(story())


def test_a_pod_that_comes_or_goes_has_the_hub_asked_about_its_user() -> None:
    async def story() -> None:
        desk = Desk()
        for number in range(400):
            desk.hub.runs(f"user-{number}")
        desk.feed.start()
        await desk.look()
        await asyncio.sleep(20)
        desk.hub.runs("new", pending="spawn", ready=False, last_activity=None)
        desk.pods.put(pod("jupyter-new", "new", state=CREATING))
        desk.users.update()
        await asyncio.sleep(2)
        assert {"new"} <= desk.users.update()
        desk.hub.stops("new")
        desk.pods.remove("hub/jupyter-new")
        desk.users.update()
        await asyncio.sleep(2)
        assert {"new"} <= desk.users.update()
        assert desk.users.row("new") is None
        await desk.users.close()

    jump(story())
