"""Full disks and volumes that do not come, on the real control plane: its controller refuses the
second node, a real Prometheus tells how full disks are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtui.config import MetricsSource
from hubtui.model.problem import Incident, Level, Problem
from hubtui.services.problems.home_full import FIGURES
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from tests.cluster.claims import USERNAME, Claims
from tests.cluster.opened import session_of, until
from tests.testbed import csi
from tests.testbed.api import Api
from tests.testbed.extra_nodes import extra_node
from tests.testbed.kubelet_figures import VolumeUse
from tests.testbed.scraped import Kubelets
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

GIB = 2**30
ONE, TWO = "g-one", "g-two"
SERVER = {"component": "singleuser-server", "app": "jupyterhub"}
HUB = {"component": "hub", "app": "jupyterhub", "release": "hub"}
STORAGE = {Incident.HOME_FULL, Incident.HUB_DB, Incident.ATTACH}


@pytest.fixture
def held(claims: Claims, api: Api) -> Iterator[str]:
    """A disk that one node has, with the pod that mounts it there: the name of its claim."""
    with extra_node(api, ONE), extra_node(api, TWO):
        for node in (ONE, TWO):
            csi.manage(api, node)
        claims.make_csi("g-disk")
        claims.mount("g-holder", "g-disk", node=ONE)
        csi.attach(api, f"{NAMESPACE}-g-disk", ONE)
        yield "g-disk"


def shows(problem: Problem, words: str) -> bool:
    """Whether something of a problem's evidence says so."""
    return any(words in each.words for each in problem.evidence)


async def found(session: Session, incident: Incident, evidence: str = "") -> Problem:
    """The problem, as soon as it is told to somebody who only looks on, with some evidence."""

    def look() -> Problem | None:
        session.problems.look(utc_now())
        known = (p for p in session.problems.found if p.incident is incident)
        return next((p for p in known if shows(p, evidence)), None)

    await until(look, incident)
    problem = look()
    assert problem is not None
    return problem


async def problems_of(session: Session) -> list[Problem]:
    """What somebody is told who looks once."""
    await session.problems.gather()
    return [each for each in session.problems.found if each.incident in STORAGE]


async def test_a_server_whose_disk_another_node_has_names_the_pod_and_the_node(
    readonly_admin: Path, claims: Claims, held: str
) -> None:
    async with session_of(readonly_admin, namespace=NAMESPACE) as session:
        notes = {USERNAME: "g-ada"}
        claims.mount(
            "g-ada-pod", held, node=TWO, stage="no-volume", labels=SERVER, annotations=notes
        )
        problem = await found(session, Incident.ATTACH, "Multi-Attach")
    assert problem.level is Level.NOW
    assert problem.title == (
        f"The server of g-ada waits: claim {held} is still attached to node {ONE}, held by pod "
        f"g-holder (on {ONE}); it is needed on {TWO}"
    )
    assert shows(problem, f"{held} is attached to {ONE}")


async def test_a_hub_whose_disk_another_node_has_is_its_databases_problem(
    readonly_admin: Path, claims: Claims, held: str
) -> None:
    claims.mount("g-hub", held, node=TWO, stage="no-volume", labels=HUB)
    async with session_of(readonly_admin, namespace=NAMESPACE) as session:
        problem = await found(session, Incident.HUB_DB)
        incidents = [each.incident for each in session.problems.found]
    assert (problem.level, problem.subject) == (Level.NOW, "volume")
    assert problem.title.startswith(f"The hub waits: claim {held} is still attached to node {ONE}")
    assert Incident.CORE not in incidents


async def test_full_disks_are_told_as_a_real_prometheus_has_them(
    readonly_admin: Path, kubelets: Kubelets, claims: Claims
) -> None:
    claims.make_nfs("g-homes", "10.9.9.9", "/export/home")
    claims.make_csi("claim-g-ada")
    claims.mount("g-mounts", "g-homes", "claim-g-ada", node="user-1")
    kubelets.tell("user-1", of("g-homes", 0.97), of("claim-g-ada", 0.995))
    async with session_of(readonly_admin, namespace=NAMESPACE) as session:
        told = {each.subject: each for each in await problems_of(session)}
    assert told.keys() == {"10.9.9.9:/export/home", "users"}
    assert {(each.incident, each.level) for each in told.values()} == {
        (Incident.HOME_FULL, Level.NOW)
    }
    shared, own = told["10.9.9.9:/export/home"], told["users"]
    assert shared.title == "The homes' disk 10.9.9.9:/export/home is 97 % full"
    assert "cannot be expanded" in shared.todo
    assert own.title == "The home of g-ada is full"

    kubelets.tell("user-1", of("g-homes", 0.5), of("claim-g-ada", 0.9))
    async with session_of(readonly_admin, namespace=NAMESPACE) as session:
        assert await problems_of(session) == []


def of(claim: str, share: float) -> VolumeUse:
    """A claim of 100 GiB that is so full."""
    return VolumeUse(claim, used=int(100 * GIB * share), capacity=100 * GIB)


async def test_who_can_measure_nothing_is_told_so_and_gets_no_alarm(
    viewer: Path, claims: Claims
) -> None:
    claims.make_user("claim-g-bob", "g-bob")
    claims.bound("claim-g-bob")
    claims.mount("g-bobs", "claim-g-bob", node="user-1")
    nowhere = MetricsSource(prometheus=f"{NAMESPACE}/no-such-service")
    async with session_of(viewer, namespace=NAMESPACE, metrics=nowhere) as session:
        assert await problems_of(session) == []
        missing = {each.source: each.reason for each in session.problems.missing}
    assert missing[FIGURES]
